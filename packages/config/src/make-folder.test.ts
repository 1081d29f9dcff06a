import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { makeFolder } from './make-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'gatehouse-folder-'))
after(() => rmSync(root, { recursive: true }))

describe('a folder', () => {
  it('is made with those above it, for its owner only, and left as it is where it stands', () => {
    const folder = join(root, 'a/b/c')
    makeFolder(folder)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    mkdirSync(join(root, 'open'), { mode: 0o755 })
    makeFolder(join(root, 'open'))
    assert.equal(statSync(join(root, 'open')).mode & 0o777, 0o755)
  })

  it('is not made where a file stands, or a link that leads nowhere', () => {
    writeFileSync(join(root, 'file'), '')
    symlinkSync(join(root, 'nowhere'), join(root, 'link'))
    assert.throws(() => makeFolder(join(root, 'file')), { code: 'EEXIST' })
    assert.throws(() => makeFolder(join(root, 'file/below')), { code: 'EEXIST' })
    assert.throws(() => makeFolder(join(root, 'link')))
  })

  it('below /proc, where nobody can make one, is refused instead of asked for without end', { skip: !existsSync('/proc/self') }, () => {
    assert.throws(() => makeFolder('/proc/nothing/there'), { code: 'ENOENT' })
  })
})
