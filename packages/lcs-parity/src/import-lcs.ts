import { API_VERSION, describeKinds } from '@gatehouse/policy-document'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import { Drafts } from './drafts.ts'
import { findLcsProperty, type LcsLevel, type LcsPlace } from './lcs-properties.ts'
import { LcsRow } from './lcs-row.ts'
import { readLcsXml } from './read-lcs-xml.ts'
import { rowImporters } from './row-importers.ts'

/** A property that did not become part of the policy, or not as it stood there. */
export interface LcsNote {
  readonly className: string
  readonly property: string
  readonly value: string
  readonly place: LcsPlace | 'unknown'
  readonly text: string
}

export interface LcsImport {
  /** A policy document with every object that the file speaks of, whole: what LCS has no property for is as it is in force. */
  readonly text: string
  readonly objects: number
  /** Every property of the file is in `text` or here. */
  readonly notes: readonly LcsNote[]
}

/** The switches come first: they say what the tables mean. */
const FIRST = 'MSFT_SIPFederationExternalEdgeSetting'

/** What an export of LCS settings says, on top of the policy in force. Throws GH-LCS-XML and GH-LCS-EMPTY. */
export function importLcs(xml: string, inForce: readonly PolicyObject[], level?: LcsLevel): LcsImport {
  const instances = readLcsXml(xml).filter((instance) => level === undefined || (instance.level ?? level) === level)
  const rows = instances.map((instance) => new LcsRow(instance))
  rows.sort((left, right) => Number(right.className === FIRST) - Number(left.className === FIRST))
  const drafts = new Drafts(inForce)
  const context = { drafts, isAutomatic: undefined as boolean | undefined, hasKey }
  const notes: LcsNote[] = []
  for (const row of rows) {
    const note = (property: string, text: string, place: LcsNote['place'] = 'policy'): void => {
      notes.push({ className: row.className, property, value: row.shown(property), place, text })
    }
    rowImporters[row.className]?.(row, context, note)
    for (const property of row.names()) {
      const found = findLcsProperty(row.className, property)
      if (found === undefined) note(property, 'not known', 'unknown')
      else if (found.is.place !== 'policy') note(property, found.is.ours, found.is.place)
    }
  }
  const written = drafts.changed()
  const text = written
    .map(({ kind, name, spec }) => JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name }, spec }))
    .join('\n---\n')
  return { text, objects: written.length, notes }
}

/** Whether this version's kind has the key: an older one has no place for it, and the importer says so. */
function hasKey(kind: PolicyKind, key: string): boolean {
  return describeKinds().some((each) => each.kind === kind && each.rows.some((row) => row.path === key))
}
