import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { filesIn, importsOf, withoutComments } from './source-tree.ts'

/** Protocol and decision cores: bytes, facts and time in; bytes, verdicts and deadlines out. */
const CORES = [
  'packages/sip-core/src',
  'packages/xmpp-core/src',
  'packages/irc-core/src',
  'packages/policy-engine/src',
  'packages/content-filter/src',
]
const ALLOWED_NODE = new Set(['node:buffer'])
const CLOCKS =
  /\b(Date\.now|new Date\(\s*\)|performance\.now|setTimeout|setInterval|setImmediate|queueMicrotask|Math\.random|process\.|crypto\.)/g

const files = filesIn(CORES, ['.ts']).filter((file) => !/\.(test|fuzz)\.ts$/.test(file.path) && !/\/(fuzz|testing)\//.test(file.path))

describe('protocol cores', () => {
  it('are looked at', () => assert.ok(files.length > 20, `only ${files.length} files found`))

  it('import nothing of Node but node:buffer', () => {
    const offenders = files.flatMap((file) =>
      importsOf(file.text)
        .filter((name) => name.startsWith('node:') && !ALLOWED_NODE.has(name))
        .map((name) => `${file.path} imports ${name}`),
    )
    assert.deepEqual(offenders, [])
  })

  it('take time and chance as arguments', () => {
    const offenders = files.flatMap((file) => [...withoutComments(file.text).matchAll(CLOCKS)].map((match) => `${file.path}: ${match[0]}`))
    assert.deepEqual(offenders, [])
  })
})
