import { readFileSync } from 'node:fs'
import { findTool } from '../peers-kit/find-tool.ts'
import { startProcess } from '../peers-kit/managed-process.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import { ChaosSender } from './chaos-sender.ts'
import { pause } from './fault-round.ts'
import type { Ledger } from './ledger.ts'
import { familyOf } from './process-family.ts'
import type { Rig } from './rig.ts'
import { names } from './sites.ts'

export interface FsyncTrace {
  /** Why there was nothing to look at. */
  readonly skipped: string | undefined
  /** Answers of the archive to batches, seen as writes to the bus. */
  readonly answers: number
  readonly fsyncs: number
  /** Answers without an fsync since the one before. */
  readonly unsynced: number
}

const TRACED_MS = 4_000
const MESSAGES_PER_SECOND = 8

/**
 * Watches the system calls of the archive, and of PostgreSQL where it keeps the log, while messages pass one at a time: before each answer to a batch (a PUB to the asker's inbox)
 * there has to be an fsync since the answer before it.
 */
export async function traceFsyncs(rack: PeerRack, rig: Rig, ledger: Ledger): Promise<FsyncTrace> {
  const skipped = (reason: string): FsyncTrace => ({ skipped: reason, answers: 0, fsyncs: 0, unsynced: 0 })
  const tool = findTool('strace')
  if (rig.name === 'up') return skipped('in one process there is no answer to see from outside')
  if (tool === undefined) return skipped('strace is not installed')
  const file = rack.path('strace.txt')
  // who answers, and who writes to the disk
  const pids = [...new Set([...rig.archives, rig.disks[0].owner].flatMap((member) => familyOf(member.pid)))]
  const strace = await startProcess({
    name: 'strace',
    command: tool,
    args: [
      '-f',
      '-s',
      '64',
      '-e',
      'trace=fsync,fdatasync,write,writev,sendto,sendmsg',
      '-o',
      file,
      ...pids.flatMap((pid) => ['-p', String(pid)]),
    ],
    logFile: rack.path('strace.log'),
    ready: { line: /attached/ },
  })
  const sender = new ChaosSender(
    {
      name: 'traced',
      from: 'user7@fabrikam.example',
      to: 'user7@contoso.example',
      host: names.partner,
      certificate: rig.sites.partnerCertificate,
      caPem: rig.sites.caPem,
      servername: names.external,
      ports: rig.externalPorts,
      messagesPerSecond: MESSAGES_PER_SECOND,
    },
    ledger,
  )
  sender.start()
  await pause(TRACED_MS)
  sender.finish()
  while (!sender.isSettled) await pause(20)
  sender.stop()
  await strace.stop()
  return { skipped: undefined, ...readTrace(readFileSync(file, 'latin1')) }
}

/** Counts answers and what was synced before each, in the output of strace. */
export function readTrace(text: string): { answers: number; fsyncs: number; unsynced: number } {
  let answers = 0
  let fsyncs = 0
  let unsynced = 0
  let sincePrevious = 0
  for (const line of text.split('\n')) {
    // A call that another thread interrupts is finished on a line of its own: `<... fdatasync resumed>) = 0`.
    if (/\b(fsync|fdatasync)(\(| resumed>).*= 0/.test(line)) {
      fsyncs++
      sincePrevious++
    } else if (/\b(write|writev|sendto|sendmsg)\(.*"H?PUB _INBOX/.test(line)) {
      answers++
      if (sincePrevious === 0) unsynced++
      sincePrevious = 0
    }
  }
  return { answers, fsyncs, unsynced }
}
