// Runs on whatever Node is there (20 or newer): installs what the lock file pins, then hands over to the pinned Node.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stamp = join(modules, '.gatehouse-lock')
const OLDEST_NODE = [24, 12]

const lockHash = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex')
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : ''
if (installed !== lockHash) {
  process.stderr.write('gatehouse: installing the pinned packages (once, about 20 s) …\n')
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] })
  if (install.status !== 0) {
    process.stderr.write('gatehouse: npm ci failed; its message stands above. Is the npm registry reachable from this machine?\n')
    process.exit(1)
  }
  mkdirSync(modules, { recursive: true })
  writeFileSync(stamp, lockHash)
}

const pinned = join(modules, '.bin', 'node')
const node = existsSync(pinned) ? pinned : process.execPath
if (node === process.execPath && !existsSync(pinned)) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    process.stderr.write(
      `gatehouse: this machine has Node ${process.versions.node} and no pinned Node exists for ${process.platform}-${process.arch}; install Node ${OLDEST_NODE.join('.')} or newer.\n`,
    )
    process.exit(1)
  }
}

const [task = 'test', ...rest] = process.argv.slice(2)
const tasks = {
  gatehouse: ['apps/gatehouse/src/main.ts'],
  bench: ['bench/main.ts'],
  chaos: ['test-integration/chaos/main.ts'],
  test: ['tools/tasks/test.ts'],
  check: ['tools/tasks/check.ts'],
  fix: ['tools/tasks/check.ts', '--fix'],
  proto: ['tools/tasks/proto.ts'],
  docs: ['tools/tasks/docs.ts'],
  images: ['tools/tasks/images.ts'],
}
const script = tasks[task]
if (script === undefined) {
  process.stderr.write(`gatehouse: no task '${task}'; there are: ${Object.keys(tasks).join(', ')}\n`)
  process.exit(2)
}
// As in apps/gatehouse/bin/gatehouse.mjs: room for what many messages leave behind between two collections.
const flags = [
  '--disable-warning=ExperimentalWarning',
  ...(task === 'gatehouse' ? ['--max-semi-space-size=64', '--no-parallel-scavenge'] : []),
]
const run = spawn(node, ['--conditions=@gatehouse/source', ...flags, join(root, script[0]), ...script.slice(1), ...rest], {
  cwd: task === 'gatehouse' ? process.cwd() : root,
  stdio: 'inherit',
  env: { ...process.env, PATH: join(modules, '.bin') + delimiter + (process.env.PATH ?? '') },
})
// Ctrl-C reaches the child too, which then drains: this process waits for it. SIGTERM comes to us alone and is passed on.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => run.kill('SIGTERM'))
run.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 128))
