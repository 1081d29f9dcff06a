// Time per relayed MESSAGE + 200 through session, transactions, checks, policy and forwarding, without sockets.
// node --conditions=@gatehouse/source services/federation-peer/bench/gate.ts [seconds]
import { GateRig } from '../src/session/gate-rig.ts'
import { AnsweringConnection, CountingConnection } from '../src/session/rig-connection.ts'

const seconds = Number(process.argv[2] ?? 2)
const rig = new GateRig({ archive: 'off' })
const inside = rig.adopt(
  new AnsweringConnection((connection, bytes) => rig.session.onData(connection, bytes), 'internal', true, rig.inside.peer),
)
const sender = new CountingConnection((connection, bytes) => rig.session.onData(connection, bytes), 'external', false, rig.partnerLink.peer)
rig.session.onOpen(sender)

function messageBytes(at: number): Buffer {
  const body = `Hello number ${at}, this is a message of ordinary length for people who write to each other at work.`
  return Buffer.from(
    `MESSAGE sip:alice@contoso.example SIP/2.0\r\nVia: SIP/2.0/TLS sip.fabrikam.example:5061;branch=z9hG4bK${at.toString(36)}x\r\nVia: SIP/2.0/TLS 10.1.1.7:5061;branch=z9hG4bK0a${at};received=10.1.1.7\r\nMax-Forwards: 69\r\nFrom: "Carol" <sip:carol@fabrikam.example>;tag=${at}\r\nTo: <sip:alice@contoso.example>\r\nCall-ID: ${at}@fabrikam.example\r\nCSeq: 1 MESSAGE\r\nUser-Agent: Example/1.0\r\nms-asserted-verification-level: ms-source-verified-user=verified\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    'latin1',
  )
}

function run(count: number, from: number): void {
  for (let at = 0; at < count; at++) {
    rig.session.onData(sender, messageBytes(from + at))
    for (const answer of inside.answers) rig.session.onData(inside, answer)
    inside.answers.length = 0
  }
}

/** Cost of making the load and of the far side, measured alone and taken off. */
function floor(count: number, from: number): void {
  for (let at = 0; at < count; at++) {
    const bytes = messageBytes(from + at)
    inside.write(bytes.latin1Slice(), undefined)
    inside.answers.length = 0
  }
}

// So short that some slices have a core to themselves on a machine that does other things; by the clock, as the kernel's accounting
// of CPU moves in steps of milliseconds.
const SLICE = 100
const sliceUs: number[] = []
const floorUs: number[] = []
run(20_000, 0)
floor(20_000, 0)
const untilMs = performance.now() + seconds * 1000
for (let at = 1_000_000; performance.now() < untilMs; at += SLICE) {
  sliceUs.push(usPerMessage(() => run(SLICE, at)))
  floorUs.push(usPerMessage(() => floor(SLICE, at)))
}
const [best, middle] = spread(sliceUs)
const [floorBest, floorMiddle] = spread(floorUs)
process.stdout.write(
  `${JSON.stringify({ case: 'gate-in-memory', messages: sliceUs.length * SLICE, answered: sender.count, usPerMessage: round(best - floorBest), usInMiddleSlice: round(middle - floorMiddle), driverUsPerMessage: round(floorBest) })}\n`,
)

function usPerMessage(work: () => void): number {
  const before = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - before) / 1000 / SLICE
}

/** The fifth percentile and the median: the very least may be one in which nothing was collected. */
function spread(values: readonly number[]): [number, number] {
  const sorted = [...values].sort((a, b) => a - b)
  return [sorted[Math.floor(sorted.length / 20)] ?? 0, sorted[Math.floor(sorted.length / 2)] ?? 0]
}

function round(us: number): number {
  return Math.round(us * 100) / 100
}
