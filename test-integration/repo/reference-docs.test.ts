import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { filesIn, root } from './source-tree.ts'

describe('reference pages', () => {
  it('are what the code says (npm run docs)', () => {
    const run = spawnSync(
      process.execPath,
      ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', 'tools/tasks/docs.ts', '--check'],
      { cwd: root, encoding: 'utf8' },
    )
    assert.equal(run.status, 0, run.stdout + run.stderr)
  })

  // Independent of the generator: the codes are read from the sources' text here, from the tables there.
  it('list every code of the sources, and no other', () => {
    const page = join(root, 'docs/reference/errors.md')
    assert.ok(existsSync(page))
    const documented = new Set([...readFileSync(page, 'utf8').matchAll(/^\| `(GH-[A-Z0-9-]+)`/gm)].map((match) => match[1] as string))
    const used = new Map<string, string>()
    for (const file of filesIn(['packages', 'services', 'apps'], ['.ts'])) {
      if (/\.test\.ts$|\/testing\/|-rig\.ts$/.test(file.path)) continue
      for (const match of file.text.matchAll(/'(GH-[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)'/g)) used.set(match[1] as string, file.path)
    }
    assert.deepEqual(
      [...used].filter(([code]) => !documented.has(code)).map(([code, path]) => `${code} (${path}) is not documented`),
      [],
    )
    assert.deepEqual(
      [...documented].filter((code) => !used.has(code)).map((code) => `${code} is documented and nowhere in the sources`),
      [],
    )
  })
})
