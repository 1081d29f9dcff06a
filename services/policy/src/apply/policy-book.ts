import {
  comparePolicy,
  type DocumentFile,
  type DocumentProblem,
  keyOf,
  type ObjectDifference,
  type ParseResult,
  parsePolicy,
  sortObjects,
} from '@gatehouse/policy-document'
import { compileSnapshot, type PolicyObject, type Snapshot, type SnapshotDocument } from '@gatehouse/policy-engine'
import { requireChanges } from '../access/access-list.ts'
import type { Role } from '../access/roles.ts'
import { policyError } from '../errors.ts'
import { conflict, NO_REVISION, type Origin, type RevisionRow, type Revisions } from '../store/revision-store.ts'
import { presetFile } from './preset.ts'
import { removalsOf } from './removals.ts'

/** Who asks for a change, and on what condition. */
interface Order {
  readonly author: string
  readonly reason: string
  readonly isDryRun: boolean
  /** 0: whatever is in force. */
  readonly expectedRevision: number
  readonly role: Role
}

export interface ApplyOrder extends Order {
  readonly files: readonly DocumentFile[]
  /** Objects that are in force but not in the files are deleted. */
  readonly prunes: boolean
  /** Keys (`kind/name`) of objects to delete. */
  readonly remove: readonly string[]
  /** Domains and addresses whose block entries are deleted. */
  readonly unblock: readonly string[]
  /** Empty: none. */
  readonly preset: string
}

export interface RollbackOrder extends Order {
  readonly toRevision: number
}

export interface ApplyOutcome {
  readonly isApplied: boolean
  readonly revision: number
  readonly changes: readonly ObjectDifference[]
  readonly problems: readonly DocumentProblem[]
}

export interface DiffOrder {
  /** 0: the one in force. */
  readonly from: number
  /** 0: the one in force. */
  readonly to: number
  /** Compared with `from` instead of `to`, when there are any. */
  readonly files: readonly DocumentFile[]
  readonly prunes: boolean
}

type Proposal = Pick<ParseResult, 'isValid' | 'objects' | 'problems'> & Partial<Pick<ParseResult, 'places'>>

/** Another process on the same SQLite file may be faster so often in a row; then something is wrong. */
const MAX_ATTEMPTS = 50

/** The policy in force and its revisions: the one place where it changes. Changes are made one after the other. */
export class PolicyBook {
  readonly #store: Revisions
  readonly #nowMs: () => number
  #inForce: RevisionRow = NO_REVISION
  #snapshot: Snapshot = compileSnapshot(documentOf(NO_REVISION, []))
  #queue: Promise<unknown> = Promise.resolve()

  constructor(store: Revisions, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
  }

  inForce(): RevisionRow {
    return this.#inForce
  }

  snapshot(): Snapshot {
    return this.#snapshot
  }

  document(): SnapshotDocument {
    return this.#snapshot.document
  }

  /** Takes over what another replica has put in force. Rejects with GH-REVISION-STORE. */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#refresh())
  }

  /** Objects of a revision; 0: of the one in force. Rejects with GH-REVISION-UNKNOWN. */
  async objectsAt(revision: number): Promise<readonly PolicyObject[]> {
    if (revision === 0 || revision === this.#inForce.revision) return this.document().objects
    const objects = await this.#store.objectsAt(revision)
    if (objects === undefined) throw policyError('GH-REVISION-UNKNOWN', `Revision ${revision}; the newest is ${this.#inForce.revision}.`)
    return sortObjects(objects)
  }

  history(limit: number): Promise<RevisionRow[]> {
    return this.#store.history(limit)
  }

  row(revision: number): Promise<RevisionRow | undefined> {
    return this.#store.row(revision)
  }

  /** Which revision, up to the given one, made an object what it is, and where it was written then. */
  originOf(object: Pick<PolicyObject, 'kind' | 'name'>, revision: number): Promise<Origin | undefined> {
    return this.#store.originOf(object, revision)
  }

  /** Checks everything first; one mistake and nothing is changed. Rejects with GH-REVISION-CONFLICT, -FILES, -STORE, GH-ACCESS-ROLE. */
  async apply(order: ApplyOrder): Promise<ApplyOutcome> {
    if (order.files.length + order.remove.length + order.unblock.length === 0 && order.preset === '') throw policyError('GH-REVISION-FILES')
    return await this.#change(order, async (before) => {
      const files = order.preset === '' ? order.files : [presetFile(order.preset, before), ...order.files]
      const gone = removalsOf(before, order)
      return parsePolicy(files, {
        nowMs: this.#nowMs(),
        inForce: order.prunes ? [] : before.filter((object) => !gone.has(keyOf(object))),
        inForceName: `revision ${this.#inForce.revision}`,
      })
    })
  }

  /** A new revision that is equal to an old one. Rejects like `apply`, and with GH-REVISION-UNKNOWN. */
  async rollback(order: RollbackOrder): Promise<ApplyOutcome> {
    return await this.#change(order, async () => ({ isValid: true, objects: await this.objectsAt(order.toRevision), problems: [] }))
  }

  /** What differs. Rejects with GH-REVISION-UNKNOWN. */
  async diff(order: DiffOrder): Promise<Pick<ApplyOutcome, 'changes' | 'problems'>> {
    const from = await this.objectsAt(order.from)
    if (order.files.length === 0) return { changes: comparePolicy(from, await this.objectsAt(order.to)), problems: [] }
    const inForceName = `revision ${order.from === 0 ? this.#inForce.revision : order.from}`
    const parsed = parsePolicy(order.files, { nowMs: this.#nowMs(), inForce: order.prunes ? [] : from, inForceName })
    return { changes: parsed.isValid ? comparePolicy(from, parsed.objects) : [], problems: parsed.problems }
  }

  /** What the files would put in force, without putting it in force. */
  async propose(files: readonly DocumentFile[], prunes: boolean): Promise<Proposal & Pick<ApplyOutcome, 'changes'>> {
    const before = this.document().objects
    const inForceName = `revision ${this.#inForce.revision}`
    const parsed = parsePolicy(files, { nowMs: this.#nowMs(), inForce: prunes ? [] : before, inForceName })
    return { ...parsed, changes: parsed.isValid ? comparePolicy(before, parsed.objects) : [] }
  }

  #change(order: Order, propose: (before: readonly PolicyObject[]) => Promise<Proposal>): Promise<ApplyOutcome> {
    return this.#inTurn(() => this.#store.exclusively(() => this.#tryUntilMade(order, propose)))
  }

  async #tryUntilMade(order: Order, propose: (before: readonly PolicyObject[]) => Promise<Proposal>): Promise<ApplyOutcome> {
    for (let attempt = 1; ; attempt++) {
      await this.#refresh()
      try {
        return await this.#tryOnce(order, propose)
      } catch (thrown) {
        // another replica was faster: made again on top of what it made, unless the caller named the revision
        const isRace = (thrown as { code?: unknown }).code === 'GH-REVISION-CONFLICT' && order.expectedRevision === 0
        if (!isRace || attempt === MAX_ATTEMPTS) throw thrown
      }
    }
  }

  async #tryOnce(order: Order, propose: (before: readonly PolicyObject[]) => Promise<Proposal>): Promise<ApplyOutcome> {
    const { revision } = this.#inForce
    if (order.expectedRevision !== 0 && order.expectedRevision !== revision) throw conflict(revision, order.expectedRevision)
    const before = this.document().objects
    const { isValid, objects, problems, places } = await propose(before)
    if (!isValid) return { isApplied: false, revision, changes: [], problems }
    const changes = comparePolicy(before, objects)
    requireChanges(order.role, changes)
    if (order.isDryRun || changes.length === 0) return { isApplied: false, revision, changes, problems }
    await this.#putInForce(order, before, sortObjects(objects), places)
    return { isApplied: true, revision: this.#inForce.revision, changes, problems }
  }

  /** The new tables are made before anything is stored: what cannot be compiled is never in force. */
  async #putInForce(
    { author, reason }: Order,
    before: readonly PolicyObject[],
    after: readonly PolicyObject[],
    places: Proposal['places'] = new Map(),
  ): Promise<void> {
    const base = this.#inForce.revision
    const atMs = this.#nowMs()
    const snapshot = compileSnapshot(documentOf({ revision: base + 1, atMs }, after))
    this.#inForce = await this.#store.append({ base, atMs, author, reason, before, after, places })
    this.#snapshot = snapshot
  }

  async #refresh(): Promise<void> {
    if ((await this.#store.newest()).revision === this.#inForce.revision) return
    const { row, objects } = await this.#store.load()
    this.#snapshot = compileSnapshot(documentOf(row, sortObjects(objects)))
    this.#inForce = row
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(run, run)
    this.#queue = turn.catch(() => undefined)
    return turn
  }
}

function documentOf({ revision, atMs }: Pick<RevisionRow, 'revision' | 'atMs'>, objects: readonly PolicyObject[]): SnapshotDocument {
  return { format: 'gatehouse-snapshot/1', revision, issuedAtMs: atMs, objects }
}
