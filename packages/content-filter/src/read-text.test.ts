import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { readText } from './read-text.ts'

const text = (type: string, body: string): string | undefined => readText(type, Buffer.from(body))

describe('readText', () => {
  it('gives plain text as it is, by its charset', () => {
    assert.equal(text('text/plain; charset=UTF-8;msgr=WABN', 'Grüße\r\n'), 'Grüße\r\n')
    assert.equal(readText('text/plain;charset=iso-8859-1', Buffer.from('Grüße', 'latin1')), 'Grüße')
  })

  it('takes mark-up away from HTML and RTF', () => {
    assert.equal(text('text/html', '<html><body><p>one &amp; <b>two</b></p><p>three</p></body></html>'), 'one & two\n\nthree')
    assert.equal(text('text/rtf', '{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}\\f0 hello\\par }'), 'hello')
  })

  it('takes the first text of a multipart', () => {
    const body = '--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>rich</p>\r\n--b--\r\n'
    assert.equal(text('multipart/alternative;boundary=b', body), 'plain')
    assert.equal(text('multipart/mixed;boundary=b', body.replace('text/plain', 'image/png')), 'rich')
  })

  it('gives nothing for what is no text or cannot be told', () => {
    for (const type of [
      'image/png',
      'text/x-msmsgsinvite',
      'text/plain, text/html',
      'multipart/mixed',
      'text/plain;charset=none-such',
      '',
    ]) {
      assert.equal(text(type, 'x'), undefined, type)
    }
  })

  it('never throws', () => {
    const types = fc.constantFrom('text/html', 'text/rtf', 'text/plain;charset=utf-16le', 'multipart/mixed;boundary=b')
    fc.assert(fc.property(types, fc.uint8Array(), (type, body) => void readText(type, body)))
    fc.assert(fc.property(types, fc.string(), (type, body) => void text(type, `--b\r\n${body}\r\n\r\n<p>{\\rtf1 ${body}\r\n--b--`)))
  })
})
