import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { GatewayError } from '@gatehouse/errors'
import { findBlock } from '@gatehouse/policy-engine'
import { openSqlite } from '../store/open-sqlite.ts'
import { DirectWorkshop } from './direct-workshop.ts'
import type { ApplyOrder, ApplyOutcome } from './orders.ts'
import { PolicyBook } from './policy-book.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-book-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

function object(kind: string, name: string, spec: string): string {
  return `apiVersion: gatehouse/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`
}

const OPEN =
  object('FederationSettings', 'ours', '{enabled: true, missingMark: reject}') + object('InternalDomain', 'c', '{domain: contoso.example}')
const PARTNER = object('Partner', 'fabrikam', '{domains: [fabrikam.example], edge: sip.fabrikam.example}')

function makeBook(nowMs: () => number = () => 1_800_000_000_000): {
  book: PolicyBook
  apply: (text: string, more?: Partial<ApplyOrder>) => Promise<ApplyOutcome>
} {
  const store = openSqlite(join(folder, `${++files}.db`))
  const book = new PolicyBook(new DirectWorkshop(store), store, nowMs)
  const order = { author: 'ann', reason: '', isDryRun: false, expectedRevision: 0, role: 'admin' as const }
  const none = { prunes: false, remove: [], unblock: [], preset: '' }
  return {
    book,
    apply: (text, more = {}) => book.apply({ ...order, ...none, files: text === '' ? [] : [{ name: 'p', text }], ...more }),
  }
}

function rejectsWith(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof GatewayError && thrown.code === code
}

const ROLLBACK = { author: 'ann', reason: '', isDryRun: false, expectedRevision: 0, role: 'admin' as const }

describe('diff and rollback', () => {
  it('compares revisions with each other and with files', async () => {
    const { book, apply } = makeBook()
    await apply(OPEN)
    await apply(PARTNER)
    const none = { files: [], prunes: false }
    const forth = await book.diff({ from: 1, to: 2, ...none })
    assert.deepEqual(
      forth.changes.map(({ action, object: key }) => `${action} ${key}`),
      ['added Partner/fabrikam'],
    )
    const back = await book.diff({ from: 0, to: 1, ...none })
    assert.deepEqual(
      back.changes.map(({ action }) => action),
      ['removed'],
    )
    const files = [{ name: 'p', text: OPEN.replace('reject', 'unverified') }]
    assert.deepEqual(
      (await book.diff({ from: 2, to: 0, files, prunes: false })).changes.map(({ action }) => action),
      ['changed'],
    )
    assert.deepEqual(
      (await book.diff({ from: 2, to: 0, files, prunes: true })).changes.map(({ action }) => action),
      ['changed', 'removed'],
    )
    assert.equal(
      (await book.diff({ from: 2, to: 0, files: [{ name: 'p', text: 'kind: X' }], prunes: true })).problems[0]?.severity,
      'error',
    )
    await assert.rejects(book.diff({ from: 9, to: 1, ...none }), rejectsWith('GH-REVISION-UNKNOWN'))
    assert.equal(book.inForce().revision, 2)
  })

  it('rolls back with a new revision, which can be rolled back too', async () => {
    const { book, apply } = makeBook()
    await apply(OPEN)
    await apply(PARTNER)
    const dry = await book.rollback({ ...ROLLBACK, toRevision: 1, isDryRun: true })
    assert.deepEqual([dry.isApplied, dry.changes.length, book.inForce().revision], [false, 1, 2])
    assert.equal((await book.rollback({ ...ROLLBACK, toRevision: 1 })).revision, 3)
    assert.deepEqual(await book.objectsAt(3), await book.objectsAt(1))
    assert.equal((await book.rollback({ ...ROLLBACK, toRevision: 3 })).isApplied, false)
    assert.equal((await book.rollback({ ...ROLLBACK, toRevision: 2 })).revision, 4)
    assert.deepEqual(await book.objectsAt(4), await book.objectsAt(2))
    await assert.rejects(book.rollback({ ...ROLLBACK, toRevision: 12 }), rejectsWith('GH-REVISION-UNKNOWN'))
    await assert.rejects(book.rollback({ ...ROLLBACK, toRevision: 1, expectedRevision: 3 }), rejectsWith('GH-REVISION-CONFLICT'))
  })
})

describe('presets and removals', () => {
  it('a preset sets its switches in the settings in force and leaves the others', async () => {
    const { book, apply } = makeBook()
    await apply(OPEN)
    await apply('', { preset: 'open' })
    const settings = (): unknown => book.document().objects.find(({ kind }) => kind === 'FederationSettings')
    const spec = (settings() as { name: string; spec: Record<string, unknown> }).spec
    assert.deepEqual([spec['enabled'], spec['discovery'], spec['missingMark']], [true, true, 'reject'])
    await apply('', { preset: 'closed' })
    assert.equal((settings() as { spec: { enabled: boolean } }).spec.enabled, false)
    await apply(PARTNER, { preset: 'partners-only' })
    assert.deepEqual((settings() as { name: string }).name, 'ours')
    assert.equal(book.document().objects.length, 3)
    await assert.rejects(apply('', { preset: 'wide-open' }), rejectsWith('GH-REVISION-PRESET'))
  })

  it('deletes what is named, and says when there is none', async () => {
    const { apply } = makeBook()
    await apply(OPEN + object('BlockEntry', 'a', '{address: eve@evil.example, owner: s, reason: r}'))
    await assert.rejects(apply('', { unblock: ['evil.example'] }), rejectsWith('GH-REVISION-OBJECT'))
    await assert.rejects(apply('', { remove: ['Partner/nobody'] }), rejectsWith('GH-REVISION-OBJECT'))
    assert.equal((await apply('', { unblock: ['Eve@evil.example'] })).changes.length, 1)
    assert.equal((await apply('', { remove: ['InternalDomain/c'] })).changes.length, 1)
  })
})

describe('bad input', () => {
  it('a document of another version is refused, with what to write', async () => {
    const { book, apply } = makeBook()
    for (const version of ['gatehouse/v2', 'gatehouse/v1beta1', 'v1', '']) {
      const { isApplied, problems } = await apply(OPEN.replaceAll('gatehouse/v1', version))
      assert.equal(isApplied, false)
      assert.ok(problems.every(({ severity, code }) => severity === 'warning' || code.startsWith('GH-DOCUMENT-')))
      assert.match(problems.find(({ severity }) => severity === 'error')?.message ?? '', /gatehouse\/v1|apiVersion/)
    }
    assert.equal(book.inForce().revision, 0)
  })

  it('expiries follow the clock wherever it jumps, and revisions stay in order', async () => {
    const clock = { nowMs: Date.parse('2027-01-01T00:00:00Z') }
    const { book, apply } = makeBook(() => clock.nowMs)
    const block = object('BlockEntry', 'a', '{domain: evil.example, owner: s, reason: r, expires: 2027-06-01T00:00:00Z}')
    assert.deepEqual(
      (await apply(OPEN + block)).problems.map(({ code }) => code),
      [],
    )
    const isBlocked = (): boolean => findBlock(book.snapshot(), 'evil.example', clock.nowMs) !== undefined
    assert.equal(isBlocked(), true)
    clock.nowMs = Date.parse('2031-01-01T00:00:00Z')
    assert.equal(isBlocked(), false)
    assert.ok((await apply(PARTNER)).problems.some(({ code }) => code === 'GH-DOCUMENT-EXPIRED'))
    clock.nowMs = Date.parse('2001-01-01T00:00:00Z')
    assert.equal(isBlocked(), true)
    assert.equal((await apply('', { remove: ['Partner/fabrikam'] })).revision, 3)
    assert.deepEqual(
      (await book.history(9)).map(({ revision }) => revision),
      [3, 2, 1],
    )
  })
})
