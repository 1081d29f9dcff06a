import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type DomainEvidence, ns, xml } from '@gatehouse/xmpp-core'
import type { XmppConfig } from './config.ts'
import { evidenceOf } from './evidence.ts'

type Row = readonly [by: DomainEvidence, affiliation: string | undefined, hints: XmppConfig['accountHints'], expected: string]

/** Architecture §6 and XEP-0489, row by row. */
const ROWS: readonly Row[] = [
  ['certificate', undefined, 'lower', 'V3'],
  ['certificate', 'registered', 'lower', 'V3'],
  ['certificate', 'anonymous', 'lower', 'V1'],
  ['certificate', 'anonymous', 'ignore', 'V3'],
  ['certificate', undefined, 'require', 'V2'],
  ['certificate', 'member', 'require', 'V3'],
  ['certificate', 'admin', 'require', 'V3'],
  ['certificate', 'anonymous', 'require', 'V1'],
  ['certificate', 'emperor', 'require', 'V2'],
  ['dialback', undefined, 'lower', 'V0'],
  ['dialback', 'admin', 'require', 'V0'],
  ['secret', undefined, 'lower', 'V3'],
]

for (const [by, affiliation, hints, expected] of ROWS) {
  test(`${by}, ${affiliation ?? 'no hint'}, hints ${hints}: ${expected}`, () => {
    const info = affiliation === undefined ? undefined : xml('info', 'urn:xmpp:raa:0', { affiliation })
    assert.equal(evidenceOf('external', by, xml('message', ns.client, {}, info), hints).class, expected)
  })
}
