import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { closestName } from '@gatehouse/config'
import { errorsOf, messageOf } from '@gatehouse/errors'
import type { ImportedUser } from '@gatehouse/proto'
import { parse } from 'yaml'
import { cliCodes } from '../errors.ts'
import { CsvRows } from './csv-rows.ts'
import { type ImportField, importFieldNames, readImportedUser, type WrittenUser } from './imported-user.ts'

const cliError = errorsOf(cliCodes)

/** YAML has to be read as a whole; more users than fit here come as CSV. */
const MAX_YAML_BYTES = 67_108_864

/** One user of the file, or what is wrong with the entry. */
export type UserLine = { readonly entry: number; readonly user: ImportedUser } | { readonly entry: number; readonly problem: string }

/** Users of a .csv or .yaml file, one by one: a CSV file of any length takes little memory. Throws GH-CLI-FILE, GH-CLI-IMPORT. */
export async function* readUsersFile(path: string): AsyncGenerator<UserLine> {
  if (/\.ya?ml$/i.test(path)) yield* readYaml(path)
  else yield* readCsv(path)
}

async function* readCsv(path: string): AsyncGenerator<UserLine> {
  const rows = new CsvRows()
  let columns: readonly ImportField[] | undefined
  let entry = 0
  for await (const text of pieces(path)) {
    for (const row of text === undefined ? rows.end() : rows.push(text)) {
      if (columns === undefined) columns = columnsOf(row)
      else yield lineOf(++entry, rowOf(columns, row))
    }
    if (rows.problem !== undefined) throw cliError('GH-CLI-IMPORT', rows.problem)
  }
  if (columns === undefined) throw cliError('GH-CLI-IMPORT', 'The file is empty; its first line names the columns.')
}

/** The text in pieces, then undefined. */
async function* pieces(path: string): AsyncGenerator<string | undefined> {
  try {
    for await (const text of createReadStream(path, { encoding: 'utf8' })) yield text as string
  } catch (cause) {
    throw cliError('GH-CLI-FILE', messageOf(cause), { cause })
  }
  yield undefined
}

async function* readYaml(path: string): AsyncGenerator<UserLine> {
  let text = ''
  try {
    const { size } = await stat(path)
    if (size > MAX_YAML_BYTES) throw cliError('GH-CLI-IMPORT', `A YAML file has at most ${MAX_YAML_BYTES} bytes; write CSV.`)
  } catch (cause) {
    throw cliError('GH-CLI-FILE', messageOf(cause), { cause })
  }
  for await (const piece of pieces(path)) text += piece ?? ''
  let entry = 0
  for (const written of usersOf(text)) yield lineOf(++entry, written)
}

function usersOf(text: string): readonly WrittenUser[] {
  let document: unknown
  try {
    document = parse(text, { maxAliasCount: 100 })
  } catch (cause) {
    throw cliError('GH-CLI-IMPORT', messageOf(cause).split('\n')[0] ?? '', { cause })
  }
  const users = (document as { users?: unknown } | null)?.users
  if (!Array.isArray(users)) throw cliError('GH-CLI-IMPORT', 'A YAML file has a list under the key users.')
  return users.map((user: unknown) => (typeof user === 'object' && user !== null ? (user as WrittenUser) : {}))
}

function columnsOf(row: readonly string[]): readonly ImportField[] {
  const names = row.map((name) => name.trim())
  const wrong = unknownField(names)
  if (wrong !== undefined) throw cliError('GH-CLI-IMPORT', wrong)
  if (!names.includes('user')) throw cliError('GH-CLI-IMPORT', 'The first line names the columns; one of them is user.')
  return names as ImportField[]
}

function unknownField(names: readonly string[]): string | undefined {
  const wrong = names.find((name) => !importFieldNames.includes(name as ImportField))
  if (wrong === undefined) return undefined
  const near = closestName(wrong, importFieldNames)
  return `There is no column '${wrong.slice(0, 80)}'${near === undefined ? `; there are: ${importFieldNames.join(', ')}` : `; did you mean '${near}'?`}`
}

function rowOf(columns: readonly ImportField[], row: readonly string[]): WrittenUser | string {
  if (row.length !== columns.length) return `it has ${row.length} fields, the first line ${columns.length}`
  return Object.fromEntries(columns.map((column, at) => [column, (row[at] ?? '').trim()]))
}

function lineOf(entry: number, written: WrittenUser | string): UserLine {
  if (typeof written === 'string') return { entry, problem: written }
  const wrong = unknownField(Object.keys(written))
  const user = wrong ?? readImportedUser(written)
  return typeof user === 'string' ? { entry, problem: user } : { entry, user }
}
