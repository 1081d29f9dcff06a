// The second half of the image build, after `npm ci` and `tsc -b`:   node tools/image/assemble-all.mjs <folder>
// Leaves one folder per image, as its files will lie, `node` that all share, and the empty `state`.
// Plain JavaScript: it runs in the build stage and needs nothing but Node.
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { assembleImage, assembleNode } from './assemble.mjs'
import { fillCompileCache } from './compile-cache.mjs'
import { setTimes } from './set-times.mjs'
import { targets } from './targets.mjs'

const [out] = process.argv.slice(2)
if (out === undefined) throw new Error('usage: assemble-all.mjs <folder>')
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'))
mkdirSync(join(out, 'state'), { recursive: true })
const node = assembleNode(join(out, 'node'))
for (const target of targets) {
  const packages = assembleImage(target, lock, node, join(out, target.name))
  fillCompileCache(target, join(out, target.name))
  process.stdout.write(`${target.name}: ${packages} packages\n`)
}
setTimes(out)
