import {
  comparePolicy,
  type DocumentFile,
  indexObjects,
  keyOf,
  type ObjectDifference,
  type ParseResult,
  parsePolicy,
  sortObjects,
} from '@gatehouse/policy-document'
import { compileSnapshot, type PolicyObject, type SnapshotDocument } from '@gatehouse/policy-engine'
import { requireChanges } from '../access/access-list.ts'
import { requireKeptHere } from '../access/kept-here.ts'
import { policyError } from '../errors.ts'
import { conflict, NO_REVISION, type RevisionRow, type Revisions } from '../store/revision-store.ts'
import { type ApplyOrder, type ApplyOutcome, type DiffOrder, type Order, type OrderFile, outcomeOf, type RollbackOrder } from './orders.ts'
import { presetFile } from './preset.ts'
import { removalsOf } from './removals.ts'

type Proposal = Pick<ParseResult, 'isValid' | 'objects' | 'problems'> & Partial<Pick<ParseResult, 'places'>>

/** What the files would put in force. */
export interface ProposedPolicy extends Pick<ParseResult, 'isValid' | 'objects' | 'problems'> {
  readonly changeCount: number
}

/** Another process on the same SQLite file may be faster so often in a row; then something is wrong. */
const MAX_ATTEMPTS = 50

/** Reads, checks, compares, compiles and keeps: everything about a change but swapping it in. One call at a time. */
export class RevisionMaker {
  readonly #store: Revisions
  #row: RevisionRow = NO_REVISION
  #document: SnapshotDocument = documentOf(NO_REVISION, [])
  /** The older revision that was asked for last: exports ask for it again and again. */
  #older: { readonly revision: number; readonly objects: readonly PolicyObject[] } | undefined

  constructor(store: Revisions) {
    this.#store = store
  }

  get row(): RevisionRow {
    return this.#row
  }

  get document(): SnapshotDocument {
    return this.#document
  }

  /** Takes over what another replica has put in force. Rejects with GH-REVISION-STORE. */
  async refresh(): Promise<void> {
    if ((await this.#store.newest()).revision === this.#row.revision) return
    const { row, objects } = await this.#store.load()
    this.#document = documentOf(row, sortObjects(objects))
    this.#row = row
  }

  /** Objects of a revision; 0: of the one in force. Rejects with GH-REVISION-UNKNOWN. */
  async objectsAt(revision: number): Promise<readonly PolicyObject[]> {
    if (revision === 0 || revision === this.#row.revision) return this.#document.objects
    if (this.#older?.revision === revision) return this.#older.objects
    const objects = await this.#store.objectsAt(revision)
    if (objects === undefined) throw policyError('GH-REVISION-UNKNOWN', `Revision ${revision}; the newest is ${this.#row.revision}.`)
    this.#older = { revision, objects: sortObjects(objects) }
    return this.#older.objects
  }

  /** Checks everything first; one mistake and nothing is changed. Rejects with GH-REVISION-CONFLICT, -FILES, -STORE, -CLUSTER, GH-ACCESS-ROLE. */
  async apply(order: ApplyOrder): Promise<ApplyOutcome> {
    if (order.files.length + order.remove.length + order.unblock.length === 0 && order.preset === '') throw policyError('GH-REVISION-FILES')
    const files = order.files.map(wholeFile)
    return await this.#change(order, async (before) => {
      const all = order.preset === '' ? files : [presetFile(order.preset, before), ...files]
      const gone = removalsOf(before, order)
      return parsePolicy(all, {
        nowMs: order.nowMs,
        inForce: order.prunes ? [] : gone.size === 0 ? before : before.filter((object) => !gone.has(keyOf(object))),
        inForceName: `revision ${this.#row.revision}`,
      })
    })
  }

  /** A new revision that is equal to an old one. Rejects like `apply`, and with GH-REVISION-UNKNOWN. */
  async rollback(order: RollbackOrder): Promise<ApplyOutcome> {
    return await this.#change(order, async () => ({ isValid: true, objects: await this.objectsAt(order.toRevision), problems: [] }))
  }

  /** What differs. Rejects with GH-REVISION-UNKNOWN. */
  async diff(order: DiffOrder): Promise<Pick<ApplyOutcome, 'changes' | 'changeCount' | 'problems'>> {
    const from = await this.objectsAt(order.from)
    if (order.files.length === 0) return outcomeOf(comparePolicy(from, await this.objectsAt(order.to)), [])
    const parsed = this.#parse(order, order.from === 0 ? this.#row.revision : order.from, from)
    return outcomeOf(parsed.isValid ? comparePolicy(from, parsed.objects) : [], parsed.problems)
  }

  /** What the files would put in force, without putting it in force. */
  propose(order: Pick<DiffOrder, 'files' | 'prunes' | 'nowMs'>): ProposedPolicy {
    const before = this.#document.objects
    const { isValid, objects, problems } = this.#parse(order, this.#row.revision, before)
    return { isValid, objects, problems, changeCount: isValid ? comparePolicy(before, objects).length : 0 }
  }

  #parse(
    { files, prunes, nowMs }: Pick<DiffOrder, 'files' | 'prunes' | 'nowMs'>,
    revision: number,
    before: readonly PolicyObject[],
  ): Proposal {
    return parsePolicy(files.map(wholeFile), { nowMs, inForce: prunes ? [] : before, inForceName: `revision ${revision}` })
  }

  #change(order: Order, propose: (before: readonly PolicyObject[]) => Promise<Proposal>): Promise<ApplyOutcome> {
    return this.#store.exclusively(() => this.#tryUntilMade(order, propose))
  }

  async #tryUntilMade(order: Order, propose: (before: readonly PolicyObject[]) => Promise<Proposal>): Promise<ApplyOutcome> {
    for (let attempt = 1; ; attempt++) {
      await this.refresh()
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
    const { revision } = this.#row
    if (order.expectedRevision !== 0 && order.expectedRevision !== revision) throw conflict(revision, order.expectedRevision)
    const before = this.#document.objects
    const { isValid, objects, problems, places } = await propose(before)
    if (!isValid) return { isApplied: false, revision, ...outcomeOf([], problems) }
    const differences = comparePolicy(before, objects)
    requireChanges(order.role, differences)
    requireKeptHere(order.clusterKinds ?? [], differences)
    const outcome = outcomeOf(differences, problems)
    if (order.isDryRun || differences.length === 0) return { isApplied: false, revision, ...outcome }
    const { author, reason, nowMs: atMs } = order
    // before anything is stored: what cannot be compiled is never in force
    compileSnapshot(
      documentOf(
        { revision, atMs },
        differences.flatMap(({ after }) => after ?? []),
      ),
    )
    const after = sortObjects(withKept(before, objects, differences))
    this.#row = await this.#store.append({ base: revision, atMs, author, reason, before, after, places })
    this.#document = documentOf(this.#row, after)
    return { isApplied: true, revision: this.#row.revision, ...outcome }
  }
}

export function documentOf({ revision, atMs }: Pick<RevisionRow, 'revision' | 'atMs'>, objects: readonly PolicyObject[]): SnapshotDocument {
  return { format: 'gatehouse-snapshot/1', revision, issuedAtMs: atMs, objects }
}

/** What did not change stays the very object it was: whoever comes after need not look into it. */
function withKept(
  before: readonly PolicyObject[],
  after: readonly PolicyObject[],
  differences: readonly ObjectDifference[],
): readonly PolicyObject[] {
  const old = indexObjects(before)
  const changed = new Set(differences.map((one) => one.after))
  return after.map((object) => (changed.has(object) ? object : (old.get(object) ?? object)))
}

function wholeFile({ name, text }: OrderFile): DocumentFile {
  return { name, text: typeof text === 'string' ? text : text.join('') }
}
