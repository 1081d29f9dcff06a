import { readFileSync } from 'node:fs'
import { messageOf } from '@gatehouse/errors'
import { policyError } from '../errors.ts'
import { openPostgres } from './open-postgres.ts'
import { openSqlite } from './open-sqlite.ts'
import type { RevisionStore } from './revision-store.ts'

/** Where revisions are kept; `postgres` goes first. */
export interface StorePlace {
  readonly databaseFile: string
  readonly postgres?: { readonly urlFile: string } | undefined
}

/** Opens what the configuration names. Throws, or rejects with, GH-REVISION-STORE; GH-REVISION-URL when the file with the address of the database cannot be read. */
export function openStore({ databaseFile, postgres }: StorePlace, log: (text: string) => void): Promise<RevisionStore> | RevisionStore {
  if (postgres === undefined) return openSqlite(databaseFile)
  let url: string
  try {
    url = readFileSync(postgres.urlFile, 'utf8').trim()
  } catch (thrown) {
    throw policyError('GH-REVISION-URL', messageOf(thrown), { cause: thrown })
  }
  return openPostgres(url, log)
}
