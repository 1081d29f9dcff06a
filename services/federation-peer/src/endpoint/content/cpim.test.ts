import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readCpim, renderCpim } from './cpim.ts'

const HEAD = { from: 'sip:alice@contoso.example', to: 'sip:bob@fabrikam.example', atMs: 0 }
const TEXT = Buffer.from('hello\r\n\r\nworld')

describe('message/cpim (RFC 3862)', () => {
  it('is read with its IMDN headers under any prefix', () => {
    const bytes = Buffer.from(
      'From: <im:alice@contoso.example>\r\nNS: d <urn:ietf:params:imdn>\r\nd.Message-ID: m1\r\nd.Disposition-Notification: positive-delivery, negative-delivery, display\r\nSubject: plans\r\n\r\nContent-Type: text/plain;charset=utf-8\r\n\r\nhello',
    )
    const { body, ...rest } = readCpim(bytes) ?? assert.fail('not read')
    assert.deepEqual(rest, {
      subject: 'plans',
      messageId: 'm1',
      wants: ['delivered', 'failed', 'displayed'],
      contentType: 'text/plain;charset=utf-8',
    })
    assert.equal(Buffer.from(body).toString(), 'hello')
  })

  it('takes IMDN headers of a foreign name space for what they are', () => {
    const bytes = Buffer.from('NS: imdn <urn:other>\r\nimdn.Message-ID: m1\r\n\r\nContent-Type: text/plain\r\n\r\nx')
    assert.equal(readCpim(bytes)?.messageId, '')
  })

  it('is read as it was written, whatever the subject and the id', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (subject, messageId) => {
        const read = readCpim(renderCpim({ ...HEAD, subject, messageId, wants: ['displayed'] }, 'text/plain', TEXT))
        assert.deepEqual(Buffer.from(read?.body ?? []), TEXT)
        assert.deepEqual(read?.wants, ['displayed'])
      }),
    )
  })

  it('is nothing without its two blocks, at every cut, and never throws', () => {
    const whole = Buffer.from(renderCpim({ ...HEAD, messageId: 'm1' }, 'text/plain', Buffer.alloc(0)))
    for (let cut = 0; cut < whole.length - 1; cut++) assert.equal(readCpim(whole.subarray(0, cut)), undefined, String(cut))
    assert.equal(readCpim(Buffer.from(`${'A: b\r\n'.repeat(10_000)}\r\n\r\n`)), undefined, 'more headers than any honest one')
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readCpim(bytes)))
  })
})
