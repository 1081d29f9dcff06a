import { spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Node keeps compiled code by path, user and V8 flags: all three have to be as they are in the container. */
const HOME = '/opt/gatehouse'
const USER = 10_001
const FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64', '--no-parallel-scavenge']

/** Loads what the services of the image load, from the place where it will lie, and keeps what V8 made of it. Needs root. */
export function fillCompileCache(target, folder) {
  const code = join(folder, HOME)
  mkdirSync(dirname(HOME), { recursive: true })
  renameSync(code, HOME)
  try {
    const cache = join(HOME, 'compile-cache')
    mkdirSync(cache)
    chownSync(cache, USER, USER)
    const app = `${HOME}/apps/gatehouse/dist`
    const load = `
      await import('${app}/commands.js')
      await import('${app}/up/run-gateway.js')
      const { loadServiceCode } = await import('${app}/up/service-code.js')
      await loadServiceCode(${JSON.stringify(target.services)})`
    const run = spawnSync(process.execPath, [...FLAGS, '--input-type=module', '--eval', load], {
      cwd: '/',
      uid: USER,
      gid: USER,
      env: { NODE_ENV: 'production', NODE_COMPILE_CACHE: cache },
      encoding: 'utf8',
    })
    if (run.status !== 0) throw new Error(`the code of ${target.name} cannot be loaded:\n${run.stderr}`)
  } finally {
    renameSync(HOME, code)
  }
}
