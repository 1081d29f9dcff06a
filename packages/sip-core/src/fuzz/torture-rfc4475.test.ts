import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { verdictOf } from './torture-verdict.ts'

const FOLDER = fileURLToPath(new URL('../../../../../shared/corpora/rfc4475/', import.meta.url))
const IS_ABSENT = existsSync(FOLDER) ? false : 'shared/corpora/rfc4475 is absent'

/** File → verdict by layer (framing → syntax → proxy) and why. Sections are those of RFC 4475. */
const VERDICTS: Readonly<Record<string, readonly [verdict: string, why: string]>> = {
  // §3.1.1 valid messages
  'wsinv.dat': ['message → ok → forwards', '§3.1.1.1: folds and odd spaces everywhere are legal'],
  'intmeth.dat': ['message → ok → forwards', '§3.1.1.2: every token character; NUL and DEL stand escaped in a quoted string'],
  'esc01.dat': ['message → ok → forwards', '§3.1.1.3: escapes in user parts and parameters; the Request-URI is not compared unescaped'],
  'escnull.dat': ['message → ok → forwards', '§3.1.1.4: %00 in a user part is an escape, not a NUL byte'],
  'esc02.dat': ['message → ok → forwards', '§3.1.1.5: % is a token character in methods and header names, not an escape'],
  'lwsdisp.dat': ['message → ok → forwards', '§3.1.1.6: no space between display name and <'],
  'longreq.dat': ['message → ok → forwards', '§3.1.1.7: long values and 34 Via headers stay below the limits'],
  'dblreq.dat': ['message → ok → forwards', '§3.1.1.8: Content-Length ends the first request; what follows is the next one'],
  'semiuri.dat': ['message → ok → forwards', '§3.1.1.9: a semicolon before @ belongs to the user part'],
  'transports.dat': ['message → ok → forwards', '§3.1.1.10: unknown transports in Via are legal'],
  'mpart01.dat': ['message → ok → forwards', '§3.1.1.11: the body is bytes and is not looked at'],
  'unreason.dat': ['message → ok → drops', '§3.1.1.12: UTF-8 in the reason is legal; the top Via is not ours (RFC 3261 §16.7 step 3)'],
  'noreason.dat': ['message → ok → drops', '§3.1.1.13: an empty reason is legal; the top Via is not ours'],
  // §3.1.2 invalid messages
  'badinv01.dat': ['message → 400 GH-SIP-HEADER-SYNTAX via', '§3.1.2.1: empty parameters in Via'],
  'clerr.dat': ['waits', '§3.1.2.2: the body is shorter than announced: a stream waits for the rest until the deadline of the connection'],
  'ncl.dat': ['broken 400 GH-SIP-CONTENT-LENGTH', '§3.1.2.3: a negative Content-Length: the end of the message is unknown'],
  'scalar02.dat': ['message → 400 GH-SIP-HEADER-SYNTAX cseq', '§3.1.2.4: CSeq above 2^31 (RFC 3261 §8.1.1.5)'],
  'scalarlg.dat': ['message → 400 GH-SIP-HEADER-SYNTAX cseq', '§3.1.2.5: the same in a response, which is dropped'],
  'quotbal.dat': ['message → 400 GH-SIP-HEADER-SYNTAX to', '§3.1.2.6: the quote is not closed'],
  'ltgtruri.dat': ['malformed 400 GH-SIP-START-LINE', '§3.1.2.7: angle brackets around the Request-URI'],
  'lwsruri.dat': ['malformed 400 GH-SIP-START-LINE', '§3.1.2.8: white space inside the Request-URI'],
  'lwsstart.dat': ['malformed 400 GH-SIP-START-LINE', '§3.1.2.9: two spaces in the start line'],
  'trws.dat': ['malformed 400 GH-SIP-START-LINE', '§3.1.2.10: spaces after the version'],
  'escruri.dat': ['message → 400 GH-SIP-REQUEST-URI holds headers', '§3.1.2.11: headers in the Request-URI could smuggle in a Route'],
  'baddate.dat': ['message → ok → forwards', '§3.1.2.12: Date is no business of a proxy'],
  'regbadct.dat': ['message → ok → forwards', '§3.1.2.13: Contact is no business of a proxy; the registrar refuses it'],
  'badaspec.dat': ['message → 400 GH-SIP-HEADER-SYNTAX to', '§3.1.2.14: spaces inside the angle brackets'],
  'baddn.dat': ['waits', '§3.1.2.15: the file lacks the empty line; with it, To and From are refused (next test)'],
  'badvers.dat': ['malformed 505 GH-SIP-VERSION', '§3.1.2.16: SIP/7.0'],
  'mismatch01.dat': ['message → 400 GH-SIP-CSEQ-MISMATCH INVITE', '§3.1.2.17: CSeq names another method'],
  'mismatch02.dat': ['message → 400 GH-SIP-CSEQ-MISMATCH INVITE', '§3.1.2.18: the same with an unknown method'],
  'bigcode.dat': ['malformed 400 GH-SIP-START-LINE', '§3.1.2.19: a status of more than three digits; a response is dropped'],
  // §3.2 transaction layer
  'badbranch.dat': ['message → ok → forwards', '§3.2.1: a bare magic cookie is treated as no branch by the matching rules'],
  // §3.3 application layer
  'insuf.dat': ['message → 400 GH-SIP-HEADER-MISSING from', '§3.3.1: From, To and Call-ID are missing'],
  'unkscm.dat': ['message → ok → 416', '§3.3.2: unknown scheme in the Request-URI'],
  'novelsc.dat': ['message → ok → 416', '§3.3.3: known scheme, but not one of SIP'],
  'unksm2.dat': ['message → ok → forwards', '§3.3.4: other schemes in From, To and Contact are legal'],
  'bext01.dat': ['message → ok → 420', '§3.3.5: unknown Proxy-Require'],
  'invut.dat': ['message → ok → forwards', '§3.3.6: the media type concerns the endpoint'],
  'regaut01.dat': ['message → ok → forwards', '§3.3.7: the scheme concerns the registrar'],
  'multi01.dat': ['message → 400 GH-SIP-HEADER-REPEATED cseq', '§3.3.8: single headers repeated'],
  'mcl01.dat': ['broken 400 GH-SIP-CONTENT-LENGTH', '§3.3.9: two Content-Length: the end of the message is unknown'],
  'bcast.dat': ['message → ok → drops', '§3.3.10: a response whose top Via is not ours, so the broadcast address is never used'],
  'zeromf.dat': ['message → ok → 483', '§3.3.11: Max-Forwards 0 is not forwarded'],
  'cparam01.dat': ['message → ok → forwards', '§3.3.12: unknown parameter of Contact'],
  'cparam02.dat': ['message → ok → forwards', '§3.3.13: unknown parameter of the Contact URI'],
  'regescrt.dat': ['message → ok → forwards', '§3.3.14: escaped headers in a Contact URI'],
  'sdp01.dat': ['message → ok → forwards', '§3.3.15: Accept concerns the endpoint'],
  // §3.4 backward compatibility
  'inv2543.dat': [
    'broken 400 GH-SIP-CONTENT-LENGTH',
    '§3.4.1: written for UDP, without Content-Length, which a stream needs (RFC 3261 §18.3)',
  ],
}

test('the table has exactly one row per RFC 4475 message', { skip: IS_ABSENT }, () => {
  assert.deepEqual(Object.keys(VERDICTS).sort(), readdirSync(FOLDER).sort())
})

for (const [file, [verdict, why]] of Object.entries(VERDICTS)) {
  test(`RFC 4475 ${file}: ${why}`, { skip: IS_ABSENT }, () => {
    assert.equal(verdictOf(readFileSync(FOLDER + file)), verdict)
  })
}

test('RFC 4475 baddn.dat with its empty line: a comma in a name without quotes', { skip: IS_ABSENT }, () => {
  const bytes = Buffer.concat([readFileSync(`${FOLDER}baddn.dat`), Buffer.from('\r\n')])
  assert.equal(verdictOf(bytes), 'message → 400 GH-SIP-HEADER-SYNTAX from')
})
