import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readImSdp, renderImSdp } from './im-sdp.ts'

const sdp = (...lines: string[]): Buffer =>
  Buffer.from(['v=0', 'o=- 0 0 IN IP4 127.0.0.1', 's=session', 't=0 0', ...lines, ''].join('\r\n'))

describe('session description of instant messages', () => {
  it('is found in the form of LCS 2005 and in the later one', () => {
    assert.deepEqual(readImSdp(sdp('m=x-ms-message 5060 sip null')), { media: 'x-ms-message', acceptTypes: [] })
    assert.deepEqual(readImSdp(sdp('m=message 5060 sip null', 'a=accept-types:text/plain Application/im-iscomposing+xml')), {
      media: 'message',
      acceptTypes: ['text/plain', 'application/im-iscomposing+xml'],
    })
  })

  it('is not found in one of calls or of MSRP', () => {
    assert.equal(readImSdp(sdp('m=audio 49170 RTP/AVP 0')), undefined)
    assert.equal(readImSdp(sdp('m=message 7654 TCP/MSRP *', 'a=accept-types:text/plain')), undefined)
  })

  it('is read as it was written', () => {
    const read = readImSdp(renderImSdp('gate.contoso.example', 5061, 'sip:bob@fabrikam.example', 'x-ms-message'))
    assert.equal(read?.media, 'x-ms-message')
    assert.ok(read.acceptTypes.includes('application/im-iscomposing+xml'))
  })

  it('of any bytes is read without an error', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readImSdp(bytes)))
    fc.assert(fc.property(fc.string(), (text) => void readImSdp(sdp(`m=message ${text}`, `a=accept-types:${text}`))))
    assert.equal(readImSdp(Buffer.alloc(20_000, 0x0a)), undefined)
  })
})
