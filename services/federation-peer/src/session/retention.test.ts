import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { GateRig } from './gate-rig.ts'
import { AnsweringConnection, CountingConnection } from './rig-connection.ts'

function messageBytes(number: number): Buffer {
  return Buffer.from(
    `MESSAGE sip:alice@contoso.example SIP/2.0\r\nVia: SIP/2.0/TLS sip.fabrikam.example:5061;branch=z9hG4bK${number}\r\nMax-Forwards: 69\r\n` +
      `From: <sip:carol@fabrikam.example>;tag=${number}\r\nTo: <sip:alice@contoso.example>\r\nCall-ID: ${number}@fabrikam.example\r\n` +
      'CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello',
    'latin1',
  )
}

// A young collection copies what survives while every message waits. What dead but old objects point at survives, too: a Map whose
// entries come and go with the messages leaves 150 octets of each (packages/churn-map), and p99 at half load was 32 ms by that.
test('a message that was answered leaves nothing that a young collection must copy', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options?: { type: 'minor' }) => void
  const MESSAGES = 4_000
  const rig = new GateRig({ archive: 'off' })
  const toInside = new AnsweringConnection((connection, bytes) => rig.session.onData(connection, bytes), 'internal', true, rig.inside.peer)
  const inside = rig.adopt(toInside)
  const partner = new CountingConnection(
    (connection, bytes) => rig.session.onData(connection, bytes),
    'external',
    false,
    rig.partnerLink.peer,
  )
  rig.session.onOpen(partner)
  let number = 0
  const pass = (count: number): void => {
    for (const until = number + count; number < until; number++) {
      rig.session.onData(partner, messageBytes(number))
      for (const answer of toInside.answers) rig.session.onData(inside, answer)
      toInside.answers.length = 0
    }
  }
  pass(2_000)
  // a table must be old when it is discarded for its successors to survive
  collect()
  const windows = Array.from({ length: 5 }, () => {
    const before = process.memoryUsage().heapUsed
    pass(MESSAGES)
    collect({ type: 'minor' })
    collect({ type: 'minor' })
    return (process.memoryUsage().heapUsed - before) / MESSAGES
  })
  // what the JIT keeps comes now and then, what messages leave behind with each of them
  const perMessage = Math.min(...windows)
  assert.equal(partner.count, number)
  assert.ok(perMessage < 250, `${perMessage} octets per message: ${windows.join(', ')}`)
})
