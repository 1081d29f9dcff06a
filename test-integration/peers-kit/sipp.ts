import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findTool } from './find-tool.ts'
import { type ManagedProcess, startProcess } from './managed-process.ts'

export interface SippPlan {
  /** Used in file names. */
  readonly name: string
  /** Scenario XML. */
  readonly scenario: string
  readonly folder: string
  /** Own port on 127.0.0.1. */
  readonly port: number
  /** Where requests are sent; a scenario that only answers has none. */
  readonly target?: { readonly address: string; readonly port: number }
  readonly transport: 'udp' | 'tcp'
  /** Calls to make or take before it ends. */
  readonly calls: number
}

const SIPP_LIMIT_S = 30

/** Starts sipp; its exit code (in `ended`) is 0 when every call went exactly as the scenario says. */
export async function startSipp(plan: SippPlan): Promise<ManagedProcess> {
  const tool = findTool('sipp')
  if (tool === undefined) throw new Error('sipp is not installed')
  const scenario = join(plan.folder, `${plan.name}.xml`)
  writeFileSync(scenario, plan.scenario)
  return startProcess({
    name: `sipp ${plan.name}`,
    command: tool,
    args: [
      ...(plan.target === undefined ? [] : [`${plan.target.address}:${plan.target.port}`]),
      ...['-sf', scenario, '-i', '127.0.0.1', '-p', String(plan.port), '-t', plan.transport === 'tcp' ? 't1' : 'u1'],
      ...['-m', String(plan.calls), '-nostdin', '-timeout', `${SIPP_LIMIT_S}s`, '-timeout_error', '-recv_timeout', '15000'],
      ...['-trace_msg', '-message_file', join(plan.folder, `${plan.name}.messages`)],
      ...['-trace_err', '-error_file', join(plan.folder, `${plan.name}.errors`)],
    ],
    cwd: plan.folder,
    env: { TERM: 'dumb' },
    logFile: join(plan.folder, `${plan.name}.log`),
    ready: plan.transport === 'udp' ? { udpPort: plan.port } : {},
  })
}
