import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { billOfMaterials } from './bill-of-materials.mjs'
import { productionPackages } from './production-packages.mjs'

const HOME = 'opt/gatehouse'
/** Types, sources, maps, texts for developers, and our tests. Licences stay. */
const UNUSED = /\.(?:[cm]?ts|map|md|markdown|flow|tsbuildinfo)$|\.test\.[cm]?js$/
const LICENCE = /^(?:licen[cs]e|notice|copying)/i
const CODE = /\.(?:[cm]?js|node|wasm)$/
/** In the root of an npm package. */
const UNUSED_FOLDERS = new Set(['test', 'tests', '__tests__', 'docs', 'example', 'examples', 'benchmark', 'benchmarks', '.github'])

/** The pinned Node with its licence, below `out`; what the bill of materials says about it. */
export function assembleNode(out) {
  const binary = realpathSync('node_modules/.bin/node')
  put(out, 'usr/local/bin/node', (to) => copyFileSync(binary, to), 0o755)
  put(out, 'usr/share/gatehouse/LICENSE.node', (to) => copyFileSync(join(dirname(dirname(binary)), 'LICENSE'), to))
  return {
    version: process.versions.node,
    license: 'MIT',
    sha256: createHash('sha256').update(readFileSync(binary)).digest('hex'),
  }
}

/** Everything of one image but Node, below `out`. Returns the number of packages. */
export function assembleImage(target, lock, node, out) {
  const wanted = productionPackages(lock.packages, 'apps/gatehouse', new Set(target.leftOut))
  // What is for another platform is not there; a package of types only has nothing left.
  const held = wanted.filter((each) => existsSync(each.location) && copyPackage(each, out))
  for (const { name, location, isWorkspace } of held) if (isWorkspace) link(name, location, out)
  put(
    out,
    'usr/local/bin/gatehouse',
    (to) => writeFileSync(to, `#!/usr/local/bin/node\nimport('/${HOME}/apps/gatehouse/dist/main.js')\n`),
    0o755,
  )
  const bill = billOfMaterials({ name: target.name, version: lock.packages['apps/gatehouse'].version }, held, node)
  put(out, 'usr/share/gatehouse/sbom.json', (to) => writeFileSync(to, `${JSON.stringify(bill, undefined, 2)}\n`))
  put(out, 'usr/share/gatehouse/LICENSE', (to) => copyFileSync('LICENSE', to))
  return held.length
}

function copyPackage({ location, isWorkspace }, out) {
  for (const part of isWorkspace ? ['package.json', 'dist'] : readdirSync(location)) {
    const from = join(location, part)
    if (part === 'node_modules' || !existsSync(from) || (!isWorkspace && UNUSED_FOLDERS.has(part))) continue
    cpSync(from, join(out, HOME, from), { recursive: true, dereference: true, filter: isUsed })
  }
  const made = join(out, HOME, location)
  return existsSync(made) && readdirSync(made, { recursive: true }).some((file) => CODE.test(file))
}

function isUsed(path) {
  return LICENCE.test(basename(path)) || !UNUSED.test(path)
}

/** So that `@gatehouse/bus` is found as in a checkout. */
function link(name, location, out) {
  const at = join(out, HOME, 'node_modules', name)
  mkdirSync(dirname(at), { recursive: true })
  symlinkSync(relative(dirname(at), join(out, HOME, location)), at)
}

function put(out, path, write, mode) {
  const to = join(out, path)
  mkdirSync(dirname(to), { recursive: true })
  write(to)
  if (mode !== undefined) chmodSync(to, mode)
}
