import { type CodeEntry, GatewayError, messageOf } from '@gatehouse/errors'
import type { DocumentProblem } from '@gatehouse/policy-document'
import type { Manifest } from '@gatehouse/policy-follow'
import type { StorePlace } from '../store/open-store.ts'
import type { RevisionRow } from '../store/revision-store.ts'
import type { ApplyOrder, ApplyOutcome, DiffOrder, RollbackOrder } from './orders.ts'

/** What the thread is started with: it opens the database by itself. */
export interface MakerThreadData {
  readonly store: StorePlace
  readonly maxPartBytes: number
}

/** Files go ahead in messages of their own, so that no message takes long to copy. */
type Unfiled<T> = Omit<T, 'files'>

export type MakerCall =
  | { readonly name: 'refresh'; readonly known: number }
  | { readonly name: 'apply'; readonly order: Unfiled<ApplyOrder>; readonly known: number }
  | { readonly name: 'rollback'; readonly order: RollbackOrder; readonly known: number }
  | { readonly name: 'diff'; readonly order: Unfiled<DiffOrder> }
  | { readonly name: 'propose'; readonly order: Unfiled<Pick<DiffOrder, 'files' | 'prunes' | 'nowMs'>> }
  | { readonly name: 'objectsAt'; readonly revision: number }
  | { readonly name: 'close' }

/** Main thread → maker thread. Pieces of one file come one after the other. */
export type ToMakerThread =
  | { readonly kind: 'piece'; readonly id: number; readonly file: number; readonly name: string; readonly text: string }
  | { readonly kind: 'call'; readonly id: number; readonly call: MakerCall }

/** Objects as the parts of a snapshot: bytes, which cost nothing to hand over. Parts that were handed over before are left out. */
export interface PackedObjects {
  readonly manifest: Manifest
  readonly parts: ReadonlyMap<string, Uint8Array>
}

export interface PackedProposal {
  readonly isValid: boolean
  readonly problems: readonly DocumentProblem[]
  readonly changeCount: number
  readonly objects: PackedObjects
}

/** What the calls answer, by name. */
export interface MakerAnswers {
  readonly refresh: undefined
  readonly apply: ApplyOutcome
  readonly rollback: ApplyOutcome
  readonly diff: Pick<ApplyOutcome, 'changes' | 'changeCount' | 'problems'>
  readonly propose: PackedProposal
  readonly objectsAt: PackedObjects
  readonly close: undefined
}

export interface PackedInForce {
  readonly row: RevisionRow
  readonly objects: PackedObjects
}

/** Maker thread → main thread. */
export type FromMakerThread =
  | {
      readonly kind: 'answer'
      readonly id: number
      readonly outcome: MakerAnswers[keyof MakerAnswers]
      readonly inForce: PackedInForce | undefined
    }
  | { readonly kind: 'failure'; readonly id: number; readonly error: PackedError }
  | { readonly kind: 'log'; readonly text: string }

/** A `GatewayError` as a message can carry it; `code` undefined: it was something else. */
export interface PackedError {
  readonly code: string | undefined
  readonly entry: CodeEntry
  readonly facts: Readonly<Record<string, string | number | boolean>>
}

export function packError(thrown: unknown): PackedError {
  const summary = messageOf(thrown)
  if (!(thrown instanceof GatewayError)) return { code: undefined, entry: { summary, remedy: '', retry: 'never' }, facts: {} }
  return { code: thrown.code, entry: { summary, remedy: thrown.remedy, retry: thrown.retry }, facts: thrown.facts }
}

export function unpackError({ code, entry, facts }: PackedError): Error {
  return code === undefined ? new Error(entry.summary) : new GatewayError(code, entry, '', { facts: { ...facts } })
}
