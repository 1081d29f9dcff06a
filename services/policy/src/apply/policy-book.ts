import {
  type DocumentFile,
  type DocumentProblem,
  diffPolicy,
  type ObjectChange,
  parsePolicy,
  sortObjects,
} from '@gatehouse/policy-document'
import { compileSnapshot, type PolicyObject, type Snapshot, type SnapshotDocument } from '@gatehouse/policy-engine'
import { policyError } from '../errors.ts'
import type { RevisionRow, RevisionStore } from '../store/revision-store.ts'

export interface ApplyOrder {
  readonly files: readonly DocumentFile[]
  readonly author: string
  readonly reason: string
  readonly isDryRun: boolean
  /** 0: whatever is in force. */
  readonly expectedRevision: number
  /** Objects that are in force but not in the files are deleted. */
  readonly prunes: boolean
}

export interface ApplyOutcome {
  readonly isApplied: boolean
  readonly revision: number
  readonly changes: readonly ObjectChange[]
  readonly problems: readonly DocumentProblem[]
}

/** The policy in force and its revisions: the one place where it changes. */
export class PolicyBook {
  readonly #store: RevisionStore
  readonly #nowMs: () => number
  #inForce: RevisionRow
  #snapshot: Snapshot

  constructor(store: RevisionStore, nowMs: () => number) {
    this.#store = store
    this.#nowMs = nowMs
    this.#inForce = store.newest()
    this.#snapshot = compileSnapshot(documentOf(this.#inForce, sortObjects(store.objects())))
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

  /** Objects of a revision; 0: of the one in force. Throws GH-REVISION-UNKNOWN. */
  objectsAt(revision: number): readonly PolicyObject[] {
    if (revision === 0 || revision === this.#inForce.revision) return this.document().objects
    const objects = this.#store.objectsAt(revision)
    if (objects === undefined) throw policyError('GH-REVISION-UNKNOWN', `Revision ${revision}; the newest is ${this.#inForce.revision}.`)
    return sortObjects(objects)
  }

  history(limit: number): RevisionRow[] {
    return this.#store.history(limit)
  }

  /** Checks everything first; one mistake and nothing is changed. Throws GH-REVISION-CONFLICT, -FILES, -STORE. */
  apply(order: ApplyOrder): ApplyOutcome {
    if (order.files.length === 0) throw policyError('GH-REVISION-FILES')
    const { revision } = this.#inForce
    if (order.expectedRevision !== 0 && order.expectedRevision !== revision) {
      throw policyError('GH-REVISION-CONFLICT', `Revision ${revision} is in force, not ${order.expectedRevision}.`)
    }
    const before = this.document().objects
    const parsed = parsePolicy(order.files, {
      nowMs: this.#nowMs(),
      inForce: order.prunes ? [] : before,
      inForceName: `revision ${revision}`,
    })
    if (!parsed.isValid) return { isApplied: false, revision, changes: [], problems: parsed.problems }
    const changes = diffPolicy(before, parsed.objects)
    if (order.isDryRun || changes.length === 0) return { isApplied: false, revision, changes, problems: parsed.problems }
    this.#putInForce(order, before, sortObjects(parsed.objects))
    return { isApplied: true, revision: this.#inForce.revision, changes, problems: parsed.problems }
  }

  /** The new tables are made before anything is stored: what cannot be compiled is never in force. */
  #putInForce({ author, reason }: ApplyOrder, before: readonly PolicyObject[], after: readonly PolicyObject[]): void {
    const base = this.#inForce.revision
    const atMs = this.#nowMs()
    const snapshot = compileSnapshot(documentOf({ revision: base + 1, atMs }, after))
    this.#inForce = this.#store.append({ base, atMs, author, reason, before, after })
    this.#snapshot = snapshot
  }
}

function documentOf({ revision, atMs }: Pick<RevisionRow, 'revision' | 'atMs'>, objects: readonly PolicyObject[]): SnapshotDocument {
  return { format: 'gatehouse-snapshot/1', revision, issuedAtMs: atMs, objects }
}
