import { PolicyAdminService, type PolicyAdminServiceStatusResponse, type ReplicaStatus } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { timeOfUs } from '../output/format-time.ts'
import { printable, type Style } from '../output/style.ts'
import { formatTable } from '../output/table.ts'

export const policyStatusCommand: Command = {
  name: 'policy status',
  summary: 'Say which replicas have the newest policy',
  description:
    'Shows the revision in force and, for every replica that decides, which one it has and since when. Exit code 0: all have the newest, 1: not all.',
  options: [...connectOptions],
  examples: [{ command: 'gatehouse policy status', explanation: 'n of n replicas in force' }],
  run: async (call) => {
    const response = await withGateway(call, (connection) => connection.client(PolicyAdminService).status({}))
    call.out.result(response, () => describe(response, call.io.nowMs(), call.out.style))
    return response.replicas.every((replica) => replica.revision === response.revision) ? exitCodes.ok.code : exitCodes.negative.code
  },
}

function describe(response: PolicyAdminServiceStatusResponse, nowMs: number, style: Style): string {
  const { revision, replicas } = response
  const current = replicas.filter((replica) => replica.revision === revision).length
  const count = `${current} of ${replicas.length} replicas`
  const since = response.atUs === 0n ? '' : `, made ${timeOfUs(response.atUs)} (${ageOf(response.atUs, nowMs)} ago)`
  const head = `revision ${revision} in force on ${current === replicas.length ? style.good(count) : style.bad(count)}${since}\n`
  const rows = replicas.map((replica) => [
    replica.service,
    replica.replica,
    replica.revision,
    stateOf(replica, revision),
    ageOf(replica.sinceUs, nowMs),
  ])
  const table = replicas.length === 0 ? '' : formatTable(['SERVICE', 'REPLICA', 'REVISION', 'STATE', 'AGE'], rows, style)
  return `${head}${printable(response.documentSummary)}\n${table}`
}

/** One that does not answer may be dead, or cut off and deciding by what it has. */
function stateOf(replica: ReplicaStatus, newest: bigint): string {
  const state = replica.revision === newest ? 'in force' : 'behind'
  return replica.silentUs === 0n ? state : `${state}, silent ${durationOf(replica.silentUs)}`
}

/** `4s`, `12m`, `3h`, `9d`. A clock that is ahead of ours gives 0s. */
export function ageOf(us: bigint, nowMs: number): string {
  return durationOf(BigInt(Math.max(0, nowMs)) * 1000n - us)
}

function durationOf(us: bigint): string {
  const seconds = Math.max(0, Math.floor(Number(us / 1000n) / 1000))
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h`
  return `${Math.floor(seconds / 86_400)}d`
}
