import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRequest, encodeMessage } from '@gatehouse/sip-core'
import { GateRig } from './gate-rig.ts'

function messageBytes(from: string, number: number): Buffer {
  return encodeMessage(
    createRequest(
      'MESSAGE',
      'sip:alice@contoso.example',
      [
        ['Via', `SIP/2.0/TLS client.example.net:5061;branch=z9hG4bK${from}${number}`],
        ['Max-Forwards', '70'],
        ['From', `<sip:${from}${number}@fabrikam.example>;tag=a${number}`],
        ['To', '<sip:alice@contoso.example>'],
        ['Call-ID', `${from}-${number}`],
        ['CSeq', '1 MESSAGE'],
        ['Content-Type', 'text/plain'],
      ],
      Buffer.from(`number ${number}`),
    ),
  )
}

test('a peer that has a hundred messages ready gets sixteen of them handled before another peer is heard, and the others in their order', async () => {
  const rig = new GateRig({ archive: 'off' })
  const noisy = rig.open('external', ['sip.fabrikam.example'])
  const quiet = rig.open('external', ['sip.fabrikam.example'])
  noisy.receive(Buffer.concat(Array.from({ length: 100 }, (_, number) => messageBytes('noisy', number))))
  assert.equal(rig.inside.requests().length, 16)
  assert.ok(noisy.pauses.has('turn'), 'it is not read while the rest waits')
  noisy.receive(messageBytes('noisy', 100))
  quiet.receive(messageBytes('quiet', 0))
  assert.equal(rig.inside.requests().at(-1)?.callId(), 'quiet-0')
  assert.equal(rig.inside.requests().length, 17)
  while (noisy.pauses.has('turn')) await new Promise(setImmediate)
  const order = rig.inside.requests().flatMap((request) => (request.callId()?.startsWith('noisy') === true ? [request.callId()] : []))
  assert.deepEqual(
    order,
    Array.from({ length: 101 }, (_, number) => `noisy-${number}`),
  )
})

test('a connection that closes while its rest waits says nothing more', async () => {
  const rig = new GateRig({ archive: 'off' })
  const noisy = rig.open('external', ['sip.fabrikam.example'])
  noisy.receive(Buffer.concat(Array.from({ length: 100 }, (_, number) => messageBytes('noisy', number))))
  noisy.destroy()
  rig.session.onClosed(noisy)
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  assert.equal(rig.inside.requests().length, 16)
})

test('whoever sends message after message is no slow sender, wherever the bytes are cut; whoever does not end one is', () => {
  const rig = new GateRig({ archive: 'off' })
  const busy = rig.open('external', ['sip.fabrikam.example'])
  let rest: Buffer = messageBytes('busy', 0)
  for (let number = 1; number < 120; number++) {
    busy.receive(rest)
    const next = messageBytes('busy', number)
    busy.receive(next.subarray(0, 100))
    rest = next.subarray(100)
    rig.nowMs += 1_000
    rig.session.sweepConnections(rig.nowMs)
    assert.ok(busy.isOpen, `closed after ${number} s`)
  }
  rig.nowMs += 60_000
  rig.session.sweepConnections(rig.nowMs)
  assert.equal(busy.isOpen, false)
})
