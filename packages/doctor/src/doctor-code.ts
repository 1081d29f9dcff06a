import type { CodeEntry } from '@gatehouse/errors'

/** Who has to mend it: the partner, we, or nobody knows yet. */
export type Side = 'theirs' | 'ours' | 'either'

export interface DoctorCodeEntry extends CodeEntry {
  readonly side: Side
}

export type DoctorCodeTable = Readonly<Record<string, DoctorCodeEntry>>
