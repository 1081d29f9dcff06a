import { spawnSync } from 'node:child_process'

const ASK_TIMEOUT_MS = 10_000

/**
 * For `node:test`'s `skip` option: false when a Docker engine of this machine answers, else the reason. With CI=true one has to
 * (`install/docker.sh` starts it), so the reason is thrown.
 */
export function skipWithoutEngine(): string | false {
  const asked = spawnSync('docker', ['version', '--format', '{{.Server.Os}} {{.Server.Version}}'], {
    encoding: 'utf8',
    timeout: ASK_TIMEOUT_MS,
  })
  if (asked.status === 0 && asked.stdout.startsWith('linux ')) return false
  const said = asked.error?.message ?? (asked.stderr.trim().split('\n')[0] || asked.stdout.trim())
  const reason = `no Docker engine with Linux containers answers (run test-integration/install/docker.sh): ${said}`
  if (process.env['CI'] === 'true') throw new Error(reason)
  return reason
}
