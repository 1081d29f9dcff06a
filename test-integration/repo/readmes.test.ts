import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { filesIn, root, workspaces } from './source-tree.ts'

const ROOT_DOCUMENTS = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'LICENSE', 'docs/README.md']

describe('documents', () => {
  it('the repository has what a newcomer looks for', () => {
    assert.deepEqual(
      ROOT_DOCUMENTS.filter((path) => !existsSync(join(root, path))),
      [],
    )
  })

  it('every package and service says what it is', () => {
    const missing = workspaces()
      .filter((each) => each.kind !== 'other')
      .map((each) => `${each.folder}/README.md`)
      .filter((path) => !existsSync(join(root, path)) || readFileSync(join(root, path), 'utf8').length < 300)
    assert.deepEqual(missing, [])
  })

  it('documents that sources name are there', () => {
    const dead = filesIn(['packages', 'services', 'apps', 'tools'], ['.ts', '.md']).flatMap((file) =>
      [...file.text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)]
        .filter((match) => !existsSync(join(root, match[0])))
        .map((match) => `${file.path}: ${match[0]}`),
    )
    assert.deepEqual(dead, [])
  })

  it('links between documents lead somewhere', () => {
    const dead: string[] = []
    const documents = [
      ...ROOT_DOCUMENTS.filter((path) => path.endsWith('.md')),
      ...markdownIn('docs'),
      ...workspaces().map((each) => `${each.folder}/README.md`),
    ]
    for (const path of new Set(documents)) {
      if (!existsSync(join(root, path))) continue
      for (const match of readFileSync(join(root, path), 'utf8').matchAll(/\]\(([^)#:]+)(#[^)]*)?\)/g)) {
        if (!existsSync(join(root, path, '..', match[1] as string))) dead.push(`${path}: ${match[1]}`)
      }
    }
    assert.deepEqual(dead, [])
  })
})

function markdownIn(folder: string): string[] {
  return filesIn([folder], ['.md']).map((file) => file.path)
}
