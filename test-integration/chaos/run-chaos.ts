import { SeededRandom } from '@gatehouse/fuzz'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import { readArchivedLog } from './archive-records.ts'
import type { ChaosReport } from './chaos-report.ts'
import { ChaosSender, type ChaosSenderPlan, type LoadSender } from './chaos-sender.ts'
import { checkPromises, isAcknowledged, isQueued, type Verdict } from './check-promises.ts'
import { pause, type RoundReport, runRound } from './fault-round.ts'
import { drawFaults, everyFault, type Fault, type FaultKind } from './faults.ts'
import { type FsyncTrace, traceFsyncs } from './fsync-trace.ts'
import { Ledger } from './ledger.ts'
import { NetworkSpeaker } from './network-speaker.ts'
import { type Rig, runCli } from './rig.ts'
import type { DiskKind } from './rig-disk.ts'
import { SessionSender } from './session-sender.ts'
import { CHAT_USERS, names, type StandBefore } from './sites.ts'
import { startUpRig } from './start-rig.ts'
import { startServicesRig } from './start-services-rig.ts'

export interface ChaosPlan {
  readonly rig: Rig['name']
  /** PostgreSQL is for the rig `services`: two archives and two policies then. */
  readonly database: Rig['database']
  readonly disk: DiskKind
  readonly seed: number
  readonly durationMs: number
  readonly messagesPerSecond: number
  readonly kinds: readonly FaultKind[]
  /** First every fault of these kinds alone, whatever time that takes; then as long as `durationMs` says what is drawn. */
  readonly isEach?: boolean
  /** Looks at the archive's system calls before anything is broken (strace). */
  readonly tracesFsync: boolean
  /** Messages may wait for receivers that are away. */
  readonly hasOutbox: boolean
  /** Some of the senders talk in sessions (INVITE, MESSAGE, BYE) instead of page mode. */
  readonly hasSessions: boolean
  /** Some inside users and a public network write to each other, through two replicas of the bridge. */
  readonly hasBridge: boolean
  /** Stands before each receiver, so that the checker can be seen to notice; absent: nobody does. */
  readonly standBefore?: StandBefore
  /** Called when everything runs, before the first message. */
  readonly onStarted?: (rig: Rig) => Promise<void>
  /** True: no further faults; what was promised is compared at once. Asked between two rounds. */
  readonly isOver?: () => boolean
  /** Called with each finished round, for whoever watches. */
  readonly onRound?: (round: RoundReport) => void
}

const NO_TRACE: FsyncTrace = { skipped: 'not asked for', answers: 0, fsyncs: 0, unsynced: 0 }
const SENDERS_PER_SIDE = 3
const SESSIONS_PER_SIDE = 2
const CALM_MS = [300, 2_000] as const
const SETTLE_LIMIT_MS = 60_000
/** The last fault may have been a killed replica, whose messages the other one takes over after a minute. */
const DRAIN_LIMIT_MS = 150_000
/** A new PostgreSQL cluster takes 50 MB, its write-ahead log as much again. */
const LEAST_DISK_MEGABYTES = 256
const DISK_MEGABYTES_PER_MINUTE = 64

/** One run: load, faults by seed, then everything healed and what was promised compared with what is. */
export async function runChaos(rack: PeerRack, plan: ChaosPlan): Promise<ChaosReport> {
  const ledger = new Ledger()
  const start = plan.rig === 'up' ? startUpRig : startServicesRig
  const diskMegabytes = LEAST_DISK_MEGABYTES + Math.ceil(plan.durationMs / 60_000) * DISK_MEGABYTES_PER_MINUTE
  const rig = await start(rack, ledger, {
    database: plan.database,
    disk: plan.disk,
    diskMegabytes,
    hasOutbox: plan.hasOutbox,
    hasBridge: plan.hasBridge,
    standBefore: plan.standBefore,
  })
  await plan.onStarted?.(rig)
  const { all: senders, sessions } = makeSenders(rig, plan, ledger)
  rack.onStop(() => {
    for (const sender of senders) sender.stop()
  })
  const startedMs = performance.now()
  const fsync = plan.tracesFsync ? await traceFsyncs(rack, rig, ledger) : NO_TRACE
  for (const sender of senders) sender.start()
  const rounds = await runRounds(rig, plan, senders, ledger)
  const unsettled = await settle(senders)
  if (plan.hasOutbox) await drain(rack, rig, ledger)
  const loadMs = performance.now() - startedMs
  const verdicts = await compare(rack, rig, ledger, rounds)
  return {
    rig: rig.name,
    database: rig.database,
    disk: rig.disks[0].kind,
    seed: plan.seed,
    loadMs: Math.round(loadMs),
    unsettled,
    counts: countsOf(ledger, verdicts.records),
    sessions: {
      opened: sum(sessions.map(({ opened }) => opened)),
      wentOn: sum(sessions.map(({ wentOn }) => wentOn)),
      broken: sum(sessions.map(({ broken }) => broken)),
    },
    rounds,
    unexpectedEnds: rig.members.flatMap((member) => member.unexpectedEnds),
    fsync,
    verdicts: plan.tracesFsync ? [...verdicts.verdicts, fsyncVerdict(fsync)] : verdicts.verdicts,
  }
}

function makeSenders(rig: Rig, plan: ChaosPlan, ledger: Ledger): { readonly all: LoadSender[]; readonly sessions: SessionSender[] } {
  const rate = plan.messagesPerSecond / (2 * (SENDERS_PER_SIDE + (plan.hasSessions ? SESSIONS_PER_SIDE : 0)))
  const pages = sidesOf(rig, rate, 0, SENDERS_PER_SIDE).map((each) => new ChaosSender(each, ledger))
  const sessions = plan.hasSessions
    ? sidesOf(rig, rate, SENDERS_PER_SIDE, SESSIONS_PER_SIDE).map((each) => new SessionSender(each, ledger))
    : []
  const { chat } = rig
  if (chat === undefined) return { all: [...pages, ...sessions], sessions }
  const toNetwork = chatPlans(rig, rate).map((each) => new ChaosSender(each, ledger))
  const fromNetwork = CHAT_USERS.map((to) => new NetworkSpeaker(chat, { name: `net-${to}`, to, messagesPerSecond: rate / 2 }, ledger))
  return { all: [...pages, ...sessions, ...toNetwork, ...fromNetwork], sessions }
}

/** Users of the network behind the bridge. */
function chatPlans({ sites, internalPorts }: Rig, rate: number): ChaosSenderPlan[] {
  return CHAT_USERS.map((user, index) => ({
    caPem: sites.caPem,
    messagesPerSecond: rate / 2,
    name: `chat${index}`,
    from: `${user}@contoso.example`,
    to: `friend-of-${user}@chat.example`,
    host: names.home,
    certificate: sites.homeCertificate,
    servername: names.internal,
    ports: rotated(internalPorts, index),
  }))
}

/** Plans of so many users of either side, from the user of that number on. */
function sidesOf({ sites, externalPorts, internalPorts }: Rig, rate: number, first: number, count: number): ChaosSenderPlan[] {
  const common = { caPem: sites.caPem, messagesPerSecond: rate }
  return Array.from({ length: count }, (_, at) => first + at).flatMap((index) => [
    {
      ...common,
      name: `in${index}`,
      from: `user${index}@fabrikam.example`,
      to: `user${index}@contoso.example`,
      host: names.partner,
      certificate: sites.partnerCertificate,
      servername: names.external,
      ports: rotated(externalPorts, index),
    },
    {
      ...common,
      name: `out${index}`,
      from: `user${index}@contoso.example`,
      to: `user${index}@fabrikam.example`,
      host: names.home,
      certificate: sites.homeCertificate,
      servername: names.internal,
      ports: rotated(internalPorts, index),
    },
  ])
}

async function runRounds(rig: Rig, plan: ChaosPlan, senders: readonly LoadSender[], ledger: Ledger): Promise<RoundReport[]> {
  const random = new SeededRandom(plan.seed)
  const rounds: RoundReport[] = []
  // A first calm moment: everybody has to pass before anything is broken.
  const calm = await runRound([], senders, ledger)
  if (calm.backAfterMs === undefined) throw new Error('messages do not pass even without a fault')
  const play = async (faults: readonly Fault[]): Promise<void> => {
    const round = await runRound(faults, senders, ledger)
    rounds.push(round)
    plan.onRound?.(round)
    await pause(random.between(...CALM_MS))
  }
  const isOver = (): boolean => plan.isOver?.() === true
  for (const fault of plan.isEach === true ? everyFault(rig, plan.kinds, random) : []) if (!isOver()) await play([fault])
  const untilMs = performance.now() + plan.durationMs
  while (performance.now() < untilMs && !isOver()) await play(drawFaults(rig, plan.kinds, random))
  return rounds
}

/** Waits until every message has an answer; how many have none in the end. */
async function settle(senders: readonly LoadSender[]): Promise<boolean> {
  for (const sender of senders) sender.finish()
  const deadline = performance.now() + SETTLE_LIMIT_MS
  while (!senders.every((sender) => sender.isSettled) && performance.now() < deadline) await pause(20)
  return !senders.every((sender) => sender.isSettled)
}

/** Waits until nothing waits any more: every message accepted for later was delivered, or its sender told. */
async function drain(rack: PeerRack, rig: Rig, ledger: Ledger): Promise<void> {
  for (const socket of rig.outboxSockets) await runCli(rack, 'outbox', 'retry', '--connect', `unix:${socket}`)
  const isDone = (): boolean => [...ledger.messages.values()].every((each) => !isQueued(each) || each.deliveries > 0 || each.isGivenUp)
  const deadline = performance.now() + DRAIN_LIMIT_MS
  while (!isDone() && performance.now() < deadline) await pause(50)
}

async function compare(
  rack: PeerRack,
  rig: Rig,
  ledger: Ledger,
  rounds: readonly RoundReport[],
): Promise<{ verdicts: Verdict[]; records: number }> {
  // The checkpoint that comes with an export signs everything up to its head.
  const file = rack.path('export.jsonl')
  const exported = await runCli(rack, 'archive', 'export', '-o', file, '--connect', `unix:${rig.archiveSocket}`)
  if (exported.status !== 0) throw new Error(`the archive could not be exported: ${exported.output}`)
  const verified = await runCli(rack, 'archive', 'verify', '-f', file, '--public-key', rig.publicKeyFile)
  const log = await readArchivedLog(file)
  const stuck = rounds.filter((round) => round.backAfterMs === undefined)
  const verdicts: Verdict[] = [
    ...checkPromises(ledger, log, rig.name === 'up' ? 'all' : 'acknowledged'),
    {
      promise: '`archive verify` finds the export intact',
      checked: log.records,
      broken: verified.status === 0 ? 0 : 1,
      examples: verified.status === 0 ? [] : [verified.output.trim()],
    },
    {
      promise: 'messages of every sender pass again after every fault',
      checked: rounds.length,
      broken: stuck.length,
      examples: stuck.map((round) => round.faults.map((fault) => `${fault.kind} ${fault.target}`).join(' + ')),
    },
  ]
  return { verdicts, records: log.records }
}

function fsyncVerdict(fsync: FsyncTrace): Verdict {
  const checked = fsync.skipped === undefined ? fsync.answers : 0
  return {
    promise: 'the archive answers only after fsync',
    checked,
    broken: fsync.unsynced,
    examples: fsync.skipped === undefined ? [] : [`not checked: ${fsync.skipped}`],
  }
}

function countsOf(ledger: Ledger, records: number): ChaosReport['counts'] {
  const counts = {
    sent: 0,
    acknowledged: 0,
    refused: 0,
    unknown: 0,
    sentAgain: 0,
    delivered: 0,
    deliveredTwice: 0,
    refusedButDelivered: 0,
    queued: 0,
    givenUp: 0,
  }
  const byStatus: Record<string, number> = {}
  for (const message of ledger.messages.values()) {
    counts.sent++
    byStatus[message.status] = (byStatus[message.status] ?? 0) + 1
    if (message.status === 0) counts.unknown++
    else if (isAcknowledged(message)) counts.acknowledged++
    else counts.refused++
    if (message.attempts.length > 1) counts.sentAgain++
    if (isQueued(message)) counts.queued++
    if (message.isGivenUp) counts.givenUp++
    if (message.deliveries > 0) counts.delivered++
    if (message.deliveries > 1) counts.deliveredTwice++
    if (message.deliveries > 0 && message.status >= 300) counts.refusedButDelivered++
  }
  return { ...counts, byStatus, strayAnswers: ledger.strayAnswers, records }
}

function rotated(ports: readonly number[], by: number): number[] {
  return ports.map((_, index) => ports[(index + by) % ports.length] as number)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
