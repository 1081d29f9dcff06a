import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { Authority } from '@gatehouse/lab'
import { issueFiles, type PeerRack } from '@gatehouse/test-integration'
import type { Latency, XmppCountOrder, XmppPhaseOrder, XmppReport } from '../load/load-orders.ts'
import { USUAL_BODY_BYTES } from '../load/message-template.ts'
import type { RelayCase } from '../relays/relay-case.ts'
import { type RunningXmppRelay, startXmppRelay } from '../relays/xmpp-relay.ts'
import { answered, perSecond, round } from './measure-relay.ts'
import { Meter, RelayRun, WARM_UP } from './relay-run.ts'

export interface XmppRelayResult extends Latency {
  readonly case: 'xmpp-from-sip' | 'xmpp-to-sip'
  readonly messages: number
  readonly messagesPerS: number
  /** Gate, bridge and archive (SQLite) in one process. */
  readonly cpuUsPerMessage: number
  readonly errors: readonly string[]
}

const PEERS = 4
const WINDOW = 16

/** SIP inside to an XMPP server and back, every message on record, what arrived is compared with what was taken. */
export async function measureXmppRelay(rack: PeerRack, seconds: number): Promise<XmppRelayResult[]> {
  let running: RunningXmppRelay | undefined
  const authority = Authority.create({ name: 'XMPP bench CA' })
  const relay: RelayCase = {
    name: 'xmpp',
    what: '',
    minVias: 1,
    missing: () => undefined,
    authority,
    async start(order, folder) {
      running = await startXmppRelay(order, folder, (name) => issueFiles(join(folder, 'certificates'), authority, name))
      return running
    },
  }
  const run = await RelayRun.start(rack, relay, { peers: PEERS, bodyBytes: USUAL_BODY_BYTES })
  try {
    const { peer } = running as RunningXmppRelay
    return [await fromSip(run, peer, seconds), await toSip(run, peer, seconds)]
  } finally {
    await run.stop()
  }
}

async function fromSip(run: RelayRun, peer: ChildProcess, seconds: number): Promise<XmppRelayResult> {
  const { result, processes } = await run.phase({ ...WARM_UP, warmUpMessages: 15_000, window: WINDOW, measureMs: seconds * 1000 })
  const messages = answered(result)
  const arrived = await ask(peer, { kind: 'count' })
  const errors = [...result.errors]
  if (arrived.kind !== 'counted' || arrived.wrong > 0 || arrived.messages < messages) {
    errors.push(`${messages} were answered while it was counted, but at the XMPP server: ${JSON.stringify(arrived)}`)
  }
  return {
    case: 'xmpp-from-sip',
    messages,
    messagesPerS: Math.round(perSecond(result)),
    cpuUsPerMessage: round(((processes[0]?.cpuMs ?? 0) * 1000) / Math.max(1, messages)),
    p50Ms: round(result.p50Ms),
    p99Ms: round(result.p99Ms),
    p999Ms: round(result.p999Ms),
    errors,
  }
}

async function toSip(run: RelayRun, peer: ChildProcess, seconds: number): Promise<XmppRelayResult> {
  const [process] = run.relay.processes
  if (process === undefined) throw new Error('the relay has no process')
  await run.takePauses()
  const meter = new Meter(process)
  const order = { kind: 'send', window: PEERS * WINDOW, warmUpMs: WARM_UP.warmUpMs, measureMs: seconds * 1000 } as const
  const sent = await ask(peer, order, () => meter.start())
  const { cpuMs } = meter.use()
  if (sent.kind !== 'sent') throw new Error('the XMPP server of the bench did not say what it sent')
  const [sink] = await run.takePauses()
  const errors = [...sent.failed]
  if ((sink?.taken ?? 0) < sent.messages) errors.push(`${sent.messages} were taken, ${sink?.taken} came to the SIP side`)
  const { p50Ms, p99Ms, p999Ms } = sent.latency
  return {
    case: 'xmpp-to-sip',
    messages: sent.messages,
    messagesPerS: Math.round(sent.messages / seconds),
    cpuUsPerMessage: round((cpuMs * 1000) / Math.max(1, sent.messages)),
    p50Ms: round(p50Ms),
    p99Ms: round(p99Ms),
    p999Ms: round(p999Ms),
    errors,
  }
}

/** Gives the report that ends what was ordered. */
function ask(peer: ChildProcess, order: XmppPhaseOrder | XmppCountOrder, onMeasuring: () => void = () => {}): Promise<XmppReport> {
  return new Promise((resolve) => {
    const onReport = (report: XmppReport): void => {
      if (report.kind === 'measuring') return onMeasuring()
      peer.off('message', onReport)
      resolve(report)
    }
    peer.on('message', onReport)
    peer.send(order)
  })
}
