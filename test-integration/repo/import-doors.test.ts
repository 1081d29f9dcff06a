import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { describe, it } from 'node:test'
import { importsOf, isTest, sourceFiles, type Workspace, workspaces } from './source-tree.ts'

const all = workspaces()
const files = sourceFiles()
const workspaceOf = (path: string): Workspace | undefined => all.find((each) => path.startsWith(`${each.folder}/`))
const packageNameOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

describe('import doors', () => {
  it('no file reaches into another workspace by a relative path', () => {
    const offenders = files.flatMap((file) => {
      const own = workspaceOf(file.path)
      return importsOf(file.text)
        .filter((name) => name.startsWith('.'))
        .filter((name) => workspaceOf(posix.join(posix.dirname(file.path), name)) !== own)
        .map((name) => `${file.path} imports ${name}`)
    })
    assert.deepEqual(offenders, [])
  })

  it('other workspaces are imported by their door only', () => {
    const doors = new Set(all.map((each) => each.name))
    const offenders = files.flatMap((file) =>
      importsOf(file.text)
        .filter((name) => doors.has(packageNameOf(name)) && !doors.has(name) && !/\/(internal|test|config|offline)$/.test(name))
        .map((name) => `${file.path} imports ${name}`),
    )
    assert.deepEqual(offenders, [])
  })

  it('packages never import a service or an app, services never import each other or an app', () => {
    const kindOf = new Map(all.map((each) => [each.name, each.kind]))
    const offenders = files.flatMap((file) => {
      const own = workspaceOf(file.path)
      return importsOf(file.text)
        .map(packageNameOf)
        .filter((name) => name !== own?.name)
        .filter((name) => (own?.kind === 'package' || own?.kind === 'service') && ['service', 'app'].includes(kindOf.get(name) ?? ''))
        .map((name) => `${file.path} imports ${name}`)
    })
    assert.deepEqual(offenders, [])
  })

  it('what is imported is declared: in package.json, and between workspaces also in tsconfig references', () => {
    const byName = new Map(all.map((each) => [each.name, each]))
    const offenders = new Set<string>()
    for (const file of files) {
      const own = workspaceOf(file.path)
      if (own === undefined) continue
      for (const specifier of importsOf(file.text)) {
        if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
        const name = packageNameOf(specifier)
        if (name === own.name) continue
        if (!own.dependencies.includes(name) && !isRootTool(name, file.path))
          offenders.add(`${own.folder}/package.json lacks ${name} (${file.path})`)
        const other = byName.get(name)
        if (other !== undefined && !own.references.includes(other.folder))
          offenders.add(`${own.folder}/tsconfig.json lacks a reference to ${other.folder}`)
      }
    }
    assert.deepEqual([...offenders], [])
  })

  it('relative imports end in .ts, or in .mjs for what runs before there is a compiler', () => {
    const offenders = files.flatMap((file) =>
      importsOf(file.text)
        .filter((name) => name.startsWith('.') && !/\.(?:ts|mjs)$/.test(name))
        .map((name) => `${file.path} imports ${name}`),
    )
    assert.deepEqual(offenders, [])
  })
})

/** Tests may use what the repository root declares (fast-check is installed once for all of them). */
function isRootTool(name: string, path: string): boolean {
  return name === 'fast-check' && isTest(path)
}
