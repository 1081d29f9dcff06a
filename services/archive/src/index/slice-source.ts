import type { Awaitable } from '../store/log-source.ts'
import type { PostingPage } from './posting-pages.ts'
import type { SliceFacts } from './slice.ts'

/** Reads the index of a log, whichever database has it. */
export interface SliceSource {
  /** Those that follow each other from the first record on, in order. */
  slices(): Awaitable<readonly SliceFacts[]>
  /** Sequences in a slice that have a term, rising; for each of some slices. */
  find(slices: readonly SliceFacts[], term: number): Awaitable<readonly (readonly number[])[]>
  /** All of one slice, in order. */
  pages(slice: SliceFacts): Awaitable<readonly PostingPage[]>
}

/** Where there is no index yet. */
export const NO_SLICES: SliceSource = {
  slices: () => [],
  find: () => [],
  pages: () => [],
}
