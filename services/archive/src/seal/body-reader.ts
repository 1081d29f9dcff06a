import { Buffer } from 'node:buffer'
import { fromBinary } from '@bufbuild/protobuf'
import { ArchiveRecordSchema, EnvelopeSchema } from '@gatehouse/proto'
import { archiveError } from '../errors.ts'
import type { KeyVault } from './key-vault.ts'
import { messageKey, openSealed } from './seal-record.ts'

/** What a sealed record holds; empty and false for one that is not sealed. */
export interface OpenedBody {
  readonly body: Uint8Array
  readonly alteredBody: Uint8Array
  readonly isErased: boolean
  readonly messageKey: Uint8Array
}

const NOTHING = new Uint8Array()
const NOT_SEALED: OpenedBody = { body: NOTHING, alteredBody: NOTHING, isErased: false, messageKey: NOTHING }

/** Opens the bodies of records. Throws GH-ARCHIVE-ENCRYPTION when a body cannot be opened though its key was not destroyed. */
export async function openBody(record: Uint8Array, keys: KeyVault | undefined): Promise<OpenedBody> {
  const { content } = fromBinary(ArchiveRecordSchema, record)
  const envelope = content.case === 'entry' ? content.value.envelope : undefined
  const sealed = envelope?.sealedBody
  if (envelope === undefined || sealed === undefined) return NOT_SEALED
  if (keys === undefined) throw archiveError('GH-ARCHIVE-ENCRYPTION', 'the body is encrypted, and archive.encryption is not configured')
  const bodyKey = await keys.key(Number(sealed.keyId))
  if (bodyKey === undefined) return { ...NOT_SEALED, isErased: true }
  const key = messageKey(bodyKey, envelope.id)
  const opened = openSealed(key, envelope.id, sealed.nonce, sealed.ciphertext)
  if (opened === undefined) throw archiveError('GH-ARCHIVE-ENCRYPTION', `body ${Buffer.from(envelope.id).toString('hex')} does not open`)
  const bodies = fromBinary(EnvelopeSchema, opened)
  return { body: bodies.body, alteredBody: bodies.alteredBody, isErased: false, messageKey: key }
}
