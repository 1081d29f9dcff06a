import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

// Debian keeps daemons in sbin, which is not on an ordinary user's PATH; go-installed tools lie in the repository's own cache.
const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin', join(import.meta.dirname, '../../.cache/bin')]

/** Full path of an executable, or undefined. */
export function findTool(name: string): string | undefined {
  for (const folder of [...EXTRA_FOLDERS.slice(2), ...(process.env['PATH'] ?? '').split(delimiter), ...EXTRA_FOLDERS]) {
    const path = join(folder, name)
    if (isExecutable(path)) return path
  }
  return undefined
}

/**
 * For `node:test`'s `skip` option: false when every tool is there, else the reason.
 * With CI=true nothing may be missing (`install-peers.sh` ran before), so the reason is thrown.
 */
export function skipWithout(...names: readonly string[]): string | false {
  const missing = names.filter((name) => findTool(name) === undefined)
  if (missing.length === 0) return false
  const reason = `not installed: ${missing.join(', ')} (run test-integration/install-peers.sh)`
  if (process.env['CI'] === 'true') throw new Error(reason)
  return reason
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
