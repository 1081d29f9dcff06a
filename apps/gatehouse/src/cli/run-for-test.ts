import type { Command } from './command.ts'
import type { Io } from './io.ts'
import { runCli } from './run-cli.ts'

export interface TestRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface TestRunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly isTerminal?: boolean
  readonly stop?: AbortSignal
  /** Sees each piece of standard output as it comes. */
  readonly onOut?: (text: string) => void
}

/** Runs one command line against buffers instead of the process; for tests. */
export async function runForTest(commands: readonly Command[], args: readonly string[], options: TestRunOptions = {}): Promise<TestRun> {
  let out = ''
  let err = ''
  const io: Io = {
    out: {
      write: (text) => {
        out += text
        options.onOut?.(text)
      },
    },
    err: {
      write: (text) => {
        err += text
      },
    },
    readInput: async () => options.input ?? '',
    env: options.env ?? {},
    cwd: options.cwd ?? '/nonexistent',
    userName: 'tester',
    isTerminal: options.isTerminal ?? false,
    isErrorTerminal: options.isTerminal ?? false,
    stop: options.stop ?? new AbortController().signal,
    nowMs: Date.now,
  }
  const code = await runCli(commands, args, io)
  return { code, out, err }
}
