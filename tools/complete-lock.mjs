// npm writes no lock entry for an optional package of another platform that the registry in use does not carry,
// and `npm ci` then refuses the lock file. This adds those entries (version, os, cpu), so that one lock file serves every platform.
import { readFileSync, writeFileSync } from 'node:fs'

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
const OS = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  win32: 'win32',
  openharmony: 'openharmony',
  sunos: 'sunos',
  netbsd: 'netbsd',
  openbsd: 'openbsd',
  aix: 'aix',
  windows: 'win32',
}
const CPU = ['arm64', 'x64', 'ia32', 'riscv64', 's390x', 'ppc64', 'armv7', 'arm']
let added = 0
for (const [path, entry] of Object.entries(lock.packages)) {
  if (!path.startsWith('node_modules/')) continue
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`
    if (lock.packages[`node_modules/${name}`] !== undefined || lock.packages[nested] !== undefined) continue
    const os = Object.entries(OS).find(([word]) => name.includes(word))?.[1]
    const cpu = CPU.find((word) => name.includes(word))
    if (os === undefined || cpu === undefined) continue
    lock.packages[`node_modules/${name}`] = { version, cpu: [cpu], dev: entry.dev, optional: true, os: [os], engines: entry.engines }
    added++
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`)
process.stdout.write(`package-lock.json: ${added} entries added\n`)
