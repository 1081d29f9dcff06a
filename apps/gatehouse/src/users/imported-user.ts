import { create } from '@bufbuild/protobuf'
import { normaliseDomain, parseAddress } from '@gatehouse/im-model'
import { type ImportedUser, ImportedUserSchema } from '@gatehouse/proto'

/** What an import may say of a user, as written: column of the CSV file, key of the YAML file. */
export const importFields = {
  user: 'user@domain',
  federation: 'yes or no: may federate',
  publicIm: 'yes or no: may use public networks',
  publicNetworks: 'names of providers',
  remote: 'yes or no: may sign in from outside',
  start: 'both, inside, outside or none: who may begin',
  allowedDomains: 'domains',
  blockedDomains: 'domains',
  groups: 'names of groups',
  contacts: 'addresses',
  safeList: 'addresses and domains',
} as const

export type ImportField = keyof typeof importFields
export const importFieldNames: readonly ImportField[] = Object.keys(importFields) as ImportField[]

/** One user as written; texts, and lists already split. Absent: nothing is said. */
export type WrittenUser = Partial<Readonly<Record<ImportField, string | boolean | readonly string[]>>>

const YES: ReadonlySet<string> = new Set(['yes', 'true', '1'])
const NO: ReadonlySet<string> = new Set(['no', 'false', '0'])
const STARTS: ReadonlySet<string> = new Set(['both', 'inside', 'outside', 'none'])
const MAX_LIST = 10_000

/** The user, or what is wrong with the row. Never throws. */
export function readImportedUser(written: WrittenUser): ImportedUser | string {
  const problems: string[] = []
  const user = String(written.user ?? '')
  if (parseAddress(user) === undefined) return `user: '${user.slice(0, 80)}' is no user@domain`
  const federation = flag(written, 'federation', problems)
  const publicIm = flag(written, 'publicIm', problems)
  const remote = flag(written, 'remote', problems)
  const start = typeof written.start === 'string' && written.start !== '' ? written.start : undefined
  if (start !== undefined && !STARTS.has(start)) problems.push(`start: '${start.slice(0, 80)}' is not one of ${[...STARTS].join(', ')}`)
  const publicNetworks = list(written, 'publicNetworks', problems, () => true)
  const allowedDomains = list(written, 'allowedDomains', problems, isDomain)
  const rights = {
    ...(federation === undefined ? {} : { federation }),
    ...(publicIm === undefined ? {} : { publicIm }),
    ...(remote === undefined ? {} : { remote }),
    ...(start === undefined ? {} : { start }),
    ...(publicNetworks === undefined ? {} : { publicNetworks: { names: [...publicNetworks] } }),
    ...(allowedDomains === undefined ? {} : { allowedDomains: { names: allowedDomains.map((domain) => domain.toLowerCase()) } }),
    blockedDomains: (list(written, 'blockedDomains', problems, isDomain) ?? []).map((domain) => domain.toLowerCase()),
  }
  const more = {
    groups: [...(list(written, 'groups', problems, () => true) ?? [])],
    contacts: [...(list(written, 'contacts', problems, isAddress) ?? [])],
    safeList: [...(list(written, 'safeList', problems, (entry) => isAddress(entry) || isDomain(entry)) ?? [])],
  }
  return problems.length > 0 ? problems.join('; ') : create(ImportedUserSchema, { user, rights, ...more })
}

function flag(written: WrittenUser, field: ImportField, problems: string[]): boolean | undefined {
  const value = written[field]
  if (value === undefined || value === '') return undefined
  if (typeof value === 'boolean') return value
  const word = String(value).trim().toLowerCase()
  if (YES.has(word)) return true
  if (NO.has(word)) return false
  problems.push(`${field}: '${word.slice(0, 80)}' is neither yes nor no`)
  return undefined
}

/** A text is split at `;`; `-` is the empty list, which is not the same as saying nothing. */
function list(
  written: WrittenUser,
  field: ImportField,
  problems: string[],
  isRight: (entry: string) => boolean,
): readonly string[] | undefined {
  const value = written[field]
  if (value === undefined || value === '' || typeof value === 'boolean') return undefined
  const texts = typeof value === 'string' ? value.split(';') : value
  const entries = texts.map((entry) => String(entry).trim()).filter((entry) => entry !== '' && entry !== '-')
  if (entries.length > MAX_LIST) problems.push(`${field}: more than ${MAX_LIST} entries`)
  const wrong = entries.find((entry) => !isRight(entry))
  if (wrong !== undefined) problems.push(`${field}: '${wrong.slice(0, 80)}' is not right`)
  return entries
}

function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined
}

function isDomain(text: string): boolean {
  return normaliseDomain(text) !== undefined
}
