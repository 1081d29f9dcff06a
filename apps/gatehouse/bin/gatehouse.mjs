#!/usr/bin/env node
// Starts the command line: from a checkout straight from its sources, from an installed package from its build; always on a Node that is new enough.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = [24, 12]
const app = dirname(dirname(fileURLToPath(import.meta.url)))
const source = join(app, 'src', 'main.ts')
const built = join(app, 'dist', 'main.js')
const pinned = join(dirname(dirname(app)), 'node_modules', '.bin', 'node')

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
if (!isNewEnough && !existsSync(pinned)) {
  process.stderr.write(
    `gatehouse: Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}; run npm ci in the checkout first.\n`,
  )
  process.exit(5)
}
const node = isNewEnough ? process.execPath : pinned
const entry = existsSync(source) ? ['--conditions=@gatehouse/source', source] : [built]
// Room for what many messages leave behind between two collections: less CPU per message, no more memory while idle. One in a
// thousand bytes survives, so one thread collects in a millisecond; with helpers it ends when the last of them got a core.
const flags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64', '--no-parallel-scavenge']
const child = spawn(node, [...flags, ...entry, ...process.argv.slice(2)], { stdio: 'inherit' })
// A terminal sends SIGINT to the whole group; anything else reaches only this process and is handed on.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('error', (error) => {
  process.stderr.write(`gatehouse: ${error.message}\n`)
  process.exit(5)
})
child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 5) : 128 + (constants.signals[signal] ?? 0)))
