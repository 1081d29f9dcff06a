import type { Verdict } from './check-promises.ts'
import type { RoundReport } from './fault-round.ts'
import type { FsyncTrace } from './fsync-trace.ts'
import type { Rig } from './rig.ts'
import type { DiskKind } from './rig-disk.ts'

export interface ChaosReport {
  readonly rig: Rig['name']
  readonly database: Rig['database']
  readonly disk: DiskKind
  readonly seed: number
  readonly loadMs: number
  /** Some messages had no final answer although everything was healed. */
  readonly unsettled: boolean
  readonly counts: {
    readonly sent: number
    readonly acknowledged: number
    readonly refused: number
    readonly unknown: number
    readonly sentAgain: number
    readonly delivered: number
    readonly deliveredTwice: number
    readonly refusedButDelivered: number
    /** Answered 202. */
    readonly queued: number
    readonly givenUp: number
    readonly strayAnswers: number
    readonly records: number
    /** By final status; 0: none. */
    readonly byStatus: Readonly<Record<string, number>>
  }
  /** Sessions opened; times one went on over another connection; sessions that an error ended. */
  readonly sessions: { readonly opened: number; readonly wentOn: number; readonly broken: number }
  readonly rounds: readonly RoundReport[]
  readonly unexpectedEnds: readonly string[]
  readonly fsync: FsyncTrace
  readonly verdicts: readonly Verdict[]
}

const DATABASES = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const

export function isKept(report: ChaosReport): boolean {
  return report.verdicts.every((verdict) => verdict.broken === 0)
}

/** The report as people read it. */
export function formatReport(report: ChaosReport): string {
  const { counts, sessions, rounds, verdicts } = report
  const lines = [
    `Rig ${report.rig}, ${DATABASES[report.database]}, seed ${report.seed}, ${Math.round(report.loadMs / 1000)} s of load, ${rounds.length} rounds of faults`,
    '',
    `  sent                   ${counts.sent}  (sent again after no answer: ${counts.sentAgain})`,
    `  acknowledged (2xx)     ${counts.acknowledged}`,
    `  of them waited (202)   ${counts.queued}  (given up, and their senders told: ${counts.givenUp})`,
    `  refused                ${counts.refused}  (of them delivered all the same: ${counts.refusedButDelivered})`,
    `  no answer in the end   ${counts.unknown}`,
    `  delivered              ${counts.delivered}  (twice, after a repetition: ${counts.deliveredTwice})`,
    `  records in the archive ${counts.records}`,
    `  sessions               ${sessions.opened}  (went on over another connection: ${sessions.wentOn}, ended by an error: ${sessions.broken})`,
    `  by final status        ${Object.entries(counts.byStatus)
      .map(([status, count]) => `${status}: ${count}`)
      .join(', ')}`,
    '',
    '  fault       times  longest without any 2xx  longest until all pass again',
    ...faultRows(rounds),
    '',
    `  fsync: ${fsyncLine(report)}`,
    ...report.unexpectedEnds.map((line) => `  ${line}`),
    '',
  ]
  for (const { promise, checked, broken, examples } of verdicts) {
    lines.push(
      `  ${broken === 0 ? (checked === 0 ? 'NOT CHECKED' : 'kept  ') : 'BROKEN'} ${promise}  (${checked} checked, ${broken} broken)`,
    )
    for (const example of examples) lines.push(`           ${example}`)
  }
  return `${lines.join('\n')}\n`
}

function fsyncLine({ fsync }: ChaosReport): string {
  if (fsync.skipped !== undefined) return `not looked at: ${fsync.skipped}`
  return `${fsync.answers} answers of the archive, ${fsync.fsyncs} fsyncs, ${fsync.unsynced} answers without one before`
}

/** A line per kind and target alone, and one for what was broken together. */
function faultRows(rounds: readonly RoundReport[]): string[] {
  const groups = Map.groupBy(rounds, ({ faults }) => {
    const [first] = faults
    return faults.length === 1 && first !== undefined
      ? `${first.kind} ${first.target.replace(/ by -?\d+ s$/, '')}`
      : `${faults.length} together`
  })
  const seconds = (ms: number | undefined): string => (ms === undefined ? 'NEVER' : `${(ms / 1000).toFixed(1)} s`)
  return [...groups]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, group]) => {
      const outage = Math.max(...group.map((round) => round.outageMs))
      const back = group.some((round) => round.backAfterMs === undefined)
        ? undefined
        : Math.max(...group.map((round) => round.backAfterMs ?? 0))
      return `  ${name.padEnd(46)} ${String(group.length).padStart(3)}  ${seconds(outage).padStart(8)}  ${seconds(back).padStart(8)}`
    })
}
