import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { ExportEntriesRequestSchema, type ExportEntriesResponse, ExportEntriesResponseSchema } from '@gatehouse/proto'
import { readPublicKey } from '../chain/signing-key.ts'
import { SampleRecords } from '../sample-records.ts'
import { type SampleService, startSampleService } from '../sample-service.ts'
import { verifyFolder } from '../verify/verify-folder.ts'
import { ExportFolder } from './export-folder.ts'
import { EXPORT_FORMATS, type ExportFormat, ExportRun } from './export-run.ts'

const NASTY = 'a <b> & "c" \u0007 \u{1F600}\r\nX-Evil: 1\r\n\r\n--gatehouse-'
const ALICE = 'alice@contoso.example'
const BOB = 'bob@fabrikam.example'
const START_US = 1_790_000_000_000_000
const hasPython = spawnSync('python3', ['--version']).status === 0
const needsPython = { skip: hasPython ? false : 'python3 is not here to read the files independently' }

let archive: SampleService
let folder = ''
let folders = 0
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-export-'))
  archive = await startSampleService({ checkpoint: { everyRecords: 4 } })
  const samples = new SampleRecords()
  const say = async (from: string, to: string, minute: number, more: Parameters<SampleRecords['entry']>[0] = {}): Promise<void> => {
    const addresses = { fromAddress: `sip:${from}`, toAddress: `sip:${to}`, receivedAtUs: START_US + minute * 60_000_000 }
    await archive.append(samples.entry({ ...addresses, direction: from === ALICE ? 'outbound' : 'inbound', ...more }).record)
  }
  await say(ALICE, BOB, 0, { kind: 'session', method: 'INVITE', contentType: 'application/sdp' })
  await say(ALICE, BOB, 1, { body: Buffer.from(NASTY) })
  await say('carol@adatum.example', ALICE, 2)
  await say(BOB, ALICE, 3, { conversation: 'another call' })
  await say(BOB, ALICE, 40, { contentType: 'text/html\r\nX-Evil: 2', conversation: 'c\r\nX-Evil: 3' })
  await say(ALICE, BOB, 200, { body: undefined, bodyBytes: 77 })
  await say('ö"\r\n x@bad host', BOB, 201, { body: Buffer.from([0xff, 0xfe, 0x00]) })
  const refused = { fromAddress: `sip:${BOB}`, toAddress: `sip:${ALICE}`, receivedAtUs: START_US + 202 * 60_000_000 }
  await archive.append(samples.entry(refused, { verdict: 'deny', code: 'GH-POLICY-BLOCKED' }).record)
})
after(async () => {
  await archive.stop()
  rmSync(folder, { recursive: true })
})

async function partsAfter(sequence: number): Promise<ExportEntriesResponse[]> {
  const parts: ExportEntriesResponse[] = []
  const request = create(ExportEntriesRequestSchema, { afterSequence: BigInt(sequence), toSequence: 8n })
  const caller = { caller: 'auditor', signal: new AbortController().signal }
  for await (const part of archive.service.handlers.exportEntries(request, caller)) {
    parts.push(create(ExportEntriesResponseSchema, part as MessageInitShape<typeof ExportEntriesResponseSchema>))
  }
  return parts
}

const options = (format: ExportFormat) => ({ format, question: { domain: '' }, nowMs: () => START_US / 1000 })
const begin = (root: string, format: ExportFormat): ExportRun => new ExportRun(new ExportFolder(root), options(format))

async function exportAll(format: ExportFormat): Promise<string> {
  const root = join(folder, `${format}-${++folders}`)
  const run = begin(root, format)
  for (const part of await partsAfter(0)) run.take(part)
  return root
}

function contents(root: string): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => /\.\w+$/.test(name) && name !== 'manifest.json')
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(root, name), 'base64')]))
}

function python(script: string, ...args: readonly string[]): unknown {
  const run = spawnSync('python3', ['-c', script, ...args], { encoding: 'utf8' })
  assert.equal(run.status, 0, run.stderr)
  return JSON.parse(run.stdout)
}

describe('export folders', () => {
  for (const format of EXPORT_FORMATS) {
    test(`${format}: checked without the archive; an altered or missing file and a wrong key are found`, async () => {
      const root = await exportAll(format)
      const keys = [readPublicKey(archive.service.publicKeyPem())]
      const report = verifyFolder(root, keys)
      assert.deepEqual([report.isIntact, report.checked, report.findings], [true, 8, []])
      assert.equal(verifyFolder(root, []).isIntact, false)
      const proofs = readdirSync(join(root, 'proofs'))
      const path = join(root, 'proofs', proofs[0]!)
      const text = readFileSync(path, 'utf8')
      writeFileSync(path, text.replace(/"committedAtUs":(\d+)\d/, '"committedAtUs":$19'))
      assert.ok(
        verifyFolder(root, keys).findings.some(({ detail }) => detail.includes('hash')),
        'the record itself tells',
      )
      writeFileSync(path, text)
      const [content] = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /(messages|conversations).*\.\w+$/.test(name),
      )
      rmSync(join(root, content!))
      assert.deepEqual(
        verifyFolder(root, keys).findings.map(({ code }) => code),
        ['GH-ARCHIVE-GAP'],
      )
    })

    test(`${format}: broken off anywhere and begun again, it is the same export`, async () => {
      const whole = contents(await exportAll(format))
      const all = await partsAfter(0)
      for (let cut = 0; cut < all.length; cut++) {
        const root = join(folder, `cut-${format}-${cut}`)
        const first = begin(root, format)
        for (const part of all.slice(0, cut)) first.take(part)
        const second = begin(root, format)
        for (const part of await partsAfter(second.resumeAfter)) second.take(part)
        const found = contents(root)
        assert.deepEqual(onlyContent(found), onlyContent(whole), `cut at ${cut}`)
        const report = verifyFolder(root, [readPublicKey(archive.service.publicKeyPem())])
        assert.deepEqual([report.isIntact, report.checked], [true, 8], `cut at ${cut}: ${JSON.stringify(report.findings)}`)
      }
    })
  }
})

/** Messages may be split over the chunks of two runs elsewhere; their sum is what counts there. */
function onlyContent(files: Record<string, string>): Record<string, string> {
  const kept: Record<string, string> = { lines: '' }
  for (const [name, content] of Object.entries(files)) {
    if (/\.(eml|rsmf|xml)$/.test(name)) kept[name] = content
    else if (name.endsWith('.jsonl')) kept['lines'] += Buffer.from(content, 'base64').toString('utf8')
  }
  return kept
}

describe('exports opened by independent readers', () => {
  test("EML by python's mail parser", needsPython, async () => {
    const root = await exportAll('eml')
    const script = `
import email, email.policy, json, pathlib, sys
out = []
for path in sorted(pathlib.Path(sys.argv[1]).rglob('*.eml')):
    m = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    out.append({'from': [a.addr_spec for a in m['From'].addresses], 'date': m['Date'].datetime.isoformat(), 'type': m.get_content_type(),
      'body': m.get_payload(decode=True).hex(), 'kept': m['X-Gatehouse-Body'], 'verdict': m['X-Gatehouse-Verdict'], 'call': m['X-Gatehouse-Call-Id'],
      'evil': m['X-Evil'], 'defects': [str(d) for d in m.defects], 'sequence': m['X-Gatehouse-Sequence']})
print(json.dumps(out))`
    const mails = python(script, root) as Record<string, unknown>[]
    assert.equal(mails.length, 8)
    for (const mail of mails) assert.deepEqual([mail['evil'], mail['defects']], [null, []])
    const [, second, , , fifth, sixth, seventh, eighth] = mails
    assert.deepEqual(
      [second!['from'], second!['date']],
      [[ALICE], new Date(START_US / 1000 + 60_000).toISOString().replace('.000Z', '+00:00')],
    )
    assert.equal(Buffer.from(String(second!['body']), 'hex').toString(), NASTY)
    assert.equal(fifth!['type'], 'application/octet-stream')
    assert.equal(sixth!['kept'], 'notKept')
    assert.equal(seventh!['body'], 'fffe00')
    assert.equal(eighth!['verdict'], 'deny')
  })

  test("RSMF by python's mail, zip and JSON readers", needsPython, async () => {
    const root = await exportAll('rsmf')
    const script = `
import email, email.policy, io, json, pathlib, sys, zipfile
out = []
for path in pathlib.Path(sys.argv[1]).rglob('*.rsmf'):
    m = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    (attachment,) = list(m.iter_attachments())
    z = zipfile.ZipFile(io.BytesIO(attachment.get_payload(decode=True)))
    assert z.testzip() is None
    out.append({'name': attachment.get_filename(), 'version': m['X-RSMF-Version'], 'count': m['X-RSMF-EventCount'], 'begin': m['X-RSMF-BeginDate'],
      'text': m.get_body().get_content(), 'manifest': json.loads(z.read('rsmf_manifest.json'))})
print(json.dumps(sorted(out, key=lambda o: o['begin'])))`
    type Manifest = { participants: { display: string }[]; events: { body: string; participant: string }[]; version: string }
    const mails = python(script, root) as { name: string; version: string; count: string; manifest: Manifest }[]
    const talks = mails.map(({ manifest }) => [manifest.participants.map(({ display }) => display).join(' '), manifest.events.length])
    assert.deepEqual(talks, [
      [`${ALICE} ${BOB}`, 3],
      [`${ALICE} carol@adatum.example`, 1],
      [`${ALICE} ${BOB}`, 2],
      [`${BOB} ö"\r\n x@bad host`, 1],
    ])
    const [first] = mails
    assert.deepEqual([first!.name, first!.version, first!.manifest.version, first!.count], ['rsmf.zip', '2.0.0', '2.0.0', '3'])
    assert.deepEqual([first!.manifest.events[0]!.body, first!.manifest.events[0]!.participant], [NASTY, 'p1'])
    assert.equal(mails[2]!.manifest.events[0]!.body, '[body not kept]')
  })

  test("Actiance XML by python's XML parser", needsPython, async () => {
    const root = await exportAll('actiance')
    const script = `
import json, pathlib, sys, xml.etree.ElementTree as ET
out = []
for path in pathlib.Path(sys.argv[1]).rglob('*.xml'):
    c = ET.parse(path).getroot().find('Conversation')
    out.append({'start': c.findtext('StartTimeUTC'), 'entered': [[p.findtext('LoginName'), p.findtext('InternalFlag')] for p in c.findall('ParticipantEntered')],
      'said': [m.findtext('Content') for m in c.findall('Message')]})
print(json.dumps(sorted(out, key=lambda o: o['start'])))`
    const talks = python(script, root) as { entered: string[][]; said: string[] }[]
    assert.deepEqual(
      talks.map(({ said }) => said.length),
      [3, 1, 1, 1],
      'what was refused was not said',
    )
    assert.deepEqual(talks[0]!.entered, [
      [ALICE, 'true'],
      [BOB, 'false'],
    ])
    assert.equal(talks[0]!.said[0], NASTY.replace('\u0007', '\uFFFD'))
  })
})
