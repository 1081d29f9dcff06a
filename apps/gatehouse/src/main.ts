import { userInfo } from 'node:os'
import type { Io } from './cli/io.ts'
import { runCli } from './cli/run-cli.ts'
import { commands } from './commands.ts'

// Databases, keys and exports hold what people wrote to each other: nobody else's to read.
process.umask(0o077)

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second signal means it: whoever sends it does not want to wait for the drain.
    if (stop.signal.aborted) process.exit(130)
    stop.abort()
  })
}
// A reader such as `head` that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 5))

const io: Io = {
  out: process.stdout,
  err: process.stderr,
  readInput: async () => {
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  },
  env: process.env,
  cwd: process.cwd(),
  userName: loginName(),
  isTerminal: process.stdout.isTTY === true,
  isErrorTerminal: process.stderr.isTTY === true,
  stop: stop.signal,
  nowMs: Date.now,
}

function loginName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a user id that has no name.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}

process.exitCode = await runCli(commands, process.argv.slice(2), io)
