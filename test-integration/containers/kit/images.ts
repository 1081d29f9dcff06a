import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const REPOSITORY = join(import.meta.dirname, '../../..')
/** Of one step; the first time on a new machine they load and build everything. */
const STEP_TIMEOUT_MS = 8 * 60_000
/** Of our images, so that a test never runs against something that an operator built. */
export const TAG = 'containers-test'

export interface TestImages {
  readonly base: string
  readonly nats: string
  /** Kamailio, Prosody and PostgreSQL. */
  readonly peers: string
}

/** The image of one of our services. */
export function imageOf(target: string): string {
  return `gatehouse/${target}:${TAG}`
}

/** Makes all images that are not there yet; ours are built anew, which costs little when nothing changed. Throws with the build's last words. */
export function makeImages(): TestImages {
  const { BASE_IMAGE: base = '', NODE_IMAGE: node = '' } = run('bash', ['test-integration/containers/base-image.sh'])
  const { NATS_IMAGE: nats = '', PEERS_IMAGE: peers = '' } = run('bash', ['test-integration/containers/peer-images.sh', base])
  const build = ['--tag', TAG, '--base', base, '--node', node, '--network', 'host']
  run(process.execPath, ['--conditions=@gatehouse/source', 'tools/tasks/images.ts', ...build])
  return { base, nats, peers }
}

/** Runs a program; the lines `NAME=value` that it prints. */
function run(command: string, args: readonly string[]): Record<string, string> {
  const done = spawnSync(command, args, { cwd: REPOSITORY, encoding: 'utf8', timeout: STEP_TIMEOUT_MS, maxBuffer: 2 ** 26 })
  if (done.status !== 0)
    throw new Error(
      `${command} ${args.join(' ')}: ${done.error?.message ?? done.status}\n${done.stdout.slice(-3_000)}${done.stderr.slice(-3_000)}`,
    )
  return Object.fromEntries([...done.stdout.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]))
}
