// What tracing adds to a relayed MESSAGE + 200, without sockets: the same gate without it and with 1 % of the messages traced, in
// alternation within one process, so that what else the machine does falls on all of them. Spans go to a collector in a process of its own.
// node --conditions=@gatehouse/source services/federation-peer/bench/trace-cost.ts [seconds]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createResponse, encodeMessage, SipStreamFramer } from '@gatehouse/sip-core'
import { hashedWords, otlpSpanExporter, Tracing } from '@gatehouse/telemetry'
import { GateRig } from '../src/session/gate-rig.ts'
import { RigConnection } from '../src/session/rig-connection.ts'

const COLLECTOR = `require('node:http').createServer((q, s) => q.resume().on('end', () => s.end('{}'))).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
/** About what a gate passes in a second: the spans of one chunk go out in one request, as they do then. */
const CHUNK = 5_000
/** Rounds until the code has settled. */
const WARM_UP = 4

/** Answers 200 for each request at once. */
class EchoInside extends RigConnection {
  override write(head: string, body: Uint8Array | undefined): boolean {
    const framer = new SipStreamFramer()
    framer.handleData(Buffer.concat([Buffer.from(head, 'latin1'), body ?? Buffer.alloc(0)]))
    const frame = framer.takeFrame()
    if (frame?.kind === 'message' && frame.message.isRequest)
      answers.push(encodeMessage(createResponse(frame.message, 200, undefined, { toTag: 'b' })))
    return true
  }
}

class Sender extends RigConnection {
  override write(): boolean {
    return true
  }
}

interface Candidate {
  readonly name: string
  readonly tracing: Tracing | undefined
  readonly costs: number[]
  readonly run: (from: number, count: number) => void
}

const answers: Buffer[] = []
const seconds = Number(process.argv[2] ?? 10)
const collector = spawn(process.execPath, ['-e', COLLECTOR], { stdio: ['ignore', 'pipe', 'inherit'] })
const [port] = (await once(collector.stdout, 'data')) as [Buffer]
const endpoint = `http://127.0.0.1:${port.toString().trim()}`

function candidate(name: string, ratio: number | undefined): Candidate {
  const tracing = ratio === undefined ? undefined : tracingWith(ratio)
  const rig = new GateRig({ archive: 'off', ...(tracing === undefined ? {} : { tracer: tracing.tracer('federation-peer', 'bench') }) })
  const inside = rig.adopt(new EchoInside((connection, bytes) => rig.session.onData(connection, bytes), 'internal', true, rig.inside.peer))
  const sender = new Sender((connection, bytes) => rig.session.onData(connection, bytes), 'external', false, rig.partnerLink.peer)
  rig.session.onOpen(sender)
  const run = (from: number, count: number): void => {
    for (let at = 0; at < count; at++) {
      rig.session.onData(sender, messageBytes(from + at))
      for (const answer of answers) rig.session.onData(inside, answer)
      answers.length = 0
    }
  }
  return { name, tracing, costs: [], run }
}

function tracingWith(ratio: number): Tracing {
  return new Tracing(
    { sampling: { ratio, failuresPerSecond: 10 }, words: hashedWords('a key for the bench'), version: 'bench' },
    {
      exporter: otlpSpanExporter({ endpoint, headers: () => ({}), timeoutMs: 5_000 }),
      onExported: (spans, failure) => {
        if (failure !== undefined) throw new Error(`${spans} spans were lost: ${failure}`)
        exported += spans
      },
    },
  )
}

function messageBytes(at: number): Buffer {
  const body = `Hello number ${at}, this is a message of ordinary length for people who write to each other at work.`
  return Buffer.from(
    `MESSAGE sip:alice@contoso.example SIP/2.0\r\nVia: SIP/2.0/TLS sip.fabrikam.example:5061;branch=z9hG4bK${at.toString(36)}x\r\nVia: SIP/2.0/TLS 10.1.1.7:5061;branch=z9hG4bK0a${at};received=10.1.1.7\r\nMax-Forwards: 69\r\nFrom: "Carol" <sip:carol@fabrikam.example>;tag=${at}\r\nTo: <sip:alice@contoso.example>\r\nCall-ID: ${at}@fabrikam.example\r\nCSeq: 1 MESSAGE\r\nUser-Agent: Example/1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    'latin1',
  )
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}

let exported = 0
const candidates = [candidate('none', undefined), candidate('1%', 0.01)]
let at = 0
// At 1 % the code of spans is settled after minutes only; here every message is traced until it is.
const warming = candidate('all', 1)
for (let turn = 0; turn < 25; turn++) {
  warming.run(at, 1_000)
  await warming.tracing?.flush()
  at += 1_000
}
await warming.tracing?.stop()
const untilMs = performance.now() + seconds * 1000
for (let round = 0; round < WARM_UP || performance.now() < untilMs; round++) {
  // another one begins each time: what the one before leaves behind must not always fall on the same
  for (let turn = 0; turn < candidates.length; turn++) {
    const each = candidates[(round + turn) % candidates.length] as Candidate
    const before = process.cpuUsage()
    each.run(at, CHUNK)
    await each.tracing?.flush()
    const { user, system } = process.cpuUsage(before)
    if (round >= WARM_UP) each.costs.push((user + system) / CHUNK)
    at += CHUNK
  }
}
collector.kill()
for (const { tracing } of candidates) await tracing?.stop()
const none = median((candidates[0] as Candidate).costs)
for (const { name, costs } of candidates) {
  const cost = median(costs)
  const line = {
    case: 'trace-cost',
    traced: name,
    rounds: costs.length,
    cpuUsPerMessage: Number(cost.toFixed(2)),
    ratio: Number((cost / none).toFixed(4)),
  }
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
process.stdout.write(`${exported} spans went out\n`)
