import { spawnSync } from 'node:child_process'

/** Runs one command in the foreground with its name above it; ends the whole task on failure. */
export function runStep(
  title: string,
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): void {
  const startedMs = performance.now()
  process.stdout.write(`\n── ${title}\n`)
  const run = spawnSync(command, args, { stdio: 'inherit', cwd: options.cwd ?? process.cwd(), env: { ...process.env, ...options.env } })
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  if (run.status !== 0) {
    process.stdout.write(`── ${title}: failed after ${seconds} s\n`)
    process.exit(run.status ?? 1)
  }
  process.stdout.write(`── ${title}: ${seconds} s\n`)
}
