import { ArchiveService, type VerifyResponse } from '@gatehouse/proto'
import { expect } from './act.ts'
import type { Narrator } from './narrator.ts'
import type { Organisation } from './organisation.ts'

/** `gatehouse archive verify` on one organisation, told in one line. */
export async function verifyArchive(organisation: Organisation, narrator: Narrator): Promise<void> {
  let last: VerifyResponse | undefined
  for await (const part of organisation.connection.client(ArchiveService).verify({})) last = part
  expect(last?.finished === true, `${organisation.name}: the check did not finish`)
  const head = Buffer.from(last?.headHash ?? new Uint8Array()).toString('hex')
  const { good, bad, dim } = narrator.style
  const word = last?.intact === true ? good('intact') : bad('NOT INTACT')
  narrator.line(`   ${organisation.name.padEnd(13)} ${word}  ${last?.checked} records, no gap  ${dim(`head ${head.slice(0, 16)}…`)}`)
  for (const finding of last?.findings ?? []) narrator.line(`   ${bad(finding.code)} at ${finding.sequence}: ${finding.detail}`)
  expect(last?.intact === true, `${organisation.name}: the chain is broken`)
}
