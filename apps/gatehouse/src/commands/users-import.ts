import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { errorsOf } from '@gatehouse/errors'
import { FactsService, type ImportedUser } from '@gatehouse/proto'
import type { RpcConnection } from '@gatehouse/rpc'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { printable } from '../output/style.ts'
import { readUsersFile } from '../users/read-users-file.ts'

const cliError = errorsOf(cliCodes)

/** One transaction each: small enough that messages in the same process do not notice. */
const BATCH = 500
const MAX_PROBLEMS = 20

interface Check {
  users: number
  wrong: number
  readonly problems: { readonly entry: number; readonly problem: string }[]
}

export const usersImportCommand: Command = {
  name: 'users import',
  summary: 'Bring users, their rights, groups and contacts in from a file',
  description:
    'Reads a CSV file (first line: columns; lists split by ";", "-" for an empty list) or a YAML file (list under users) and tells the gateway. The whole file is checked first: one mistake and nothing is imported. Facts count once UserSettings.lookUp is on.',
  positionals: [{ name: 'FILE', description: 'A .csv or .yaml file.', isRequired: true }],
  options: [
    { name: 'replace', description: 'Remove imported users that are not in the file.' },
    { name: 'max-removed', value: 'PERCENT', description: 'With --replace: the share of users that may be removed. Default 20.' },
    { name: 'dry-run', description: 'Check the file, import nothing.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse users import staff.csv --dry-run', explanation: 'is the file right?' },
    { command: 'gatehouse users import staff.csv --replace', explanation: 'the file is everybody' },
  ],
  run: async (call) => {
    const path = resolve(call.io.cwd, call.positionals[0] ?? '')
    const percent = Number(call.text('max-removed') ?? 20)
    if (!Number.isInteger(percent) || percent < 1 || percent > 100)
      throw cliError('GH-CLI-USAGE', '--max-removed is a number from 1 to 100.')
    const check = await checkFile(path)
    if (check.wrong > 0 || call.flag('dry-run')) {
      call.out.result({ imported: false, ...check }, () => describeCheck(check, call))
      return check.wrong > 0 ? exitCodes.problems.code : exitCodes.ok.code
    }
    const outcome = await withGateway(call, (connection) => send(connection, path, call.flag('replace'), percent))
    call.out.result({ imported: true, ...outcome }, () => `${outcome.written} users imported, ${outcome.removed} removed\n`)
    return exitCodes.ok.code
  },
}

async function checkFile(path: string): Promise<Check> {
  const check: Check = { users: 0, wrong: 0, problems: [] }
  for await (const line of readUsersFile(path)) {
    check.users++
    if (!('problem' in line)) continue
    check.wrong++
    if (check.problems.length < MAX_PROBLEMS) check.problems.push(line)
  }
  return check
}

async function send(
  connection: RpcConnection,
  path: string,
  replace: boolean,
  maxRemovedPercent: number,
): Promise<{ readonly written: bigint; readonly removed: bigint }> {
  const client = connection.client(FactsService)
  const importId = randomUUID()
  let sequence = 0
  const sendBatch = (users: ImportedUser[], last: boolean): ReturnType<typeof client.importUsers> =>
    client.importUsers({ importId, sequence: sequence++, users, last, replace, maxRemovedPercent })
  let batch: ImportedUser[] = []
  for await (const line of readUsersFile(path)) {
    if ('problem' in line) throw cliError('GH-CLI-IMPORT', `The file changed while it was read: entry ${line.entry}: ${line.problem}.`)
    batch.push(line.user)
    if (batch.length < BATCH) continue
    await sendBatch(batch, false)
    batch = []
  }
  return await sendBatch(batch, true)
}

function describeCheck(check: Check, { out }: Call): string {
  const lines = check.problems.map(({ entry, problem }) => `entry ${entry}: ${out.style.bad(printable(problem))}\n`).join('')
  const more = check.wrong > check.problems.length ? `… and ${check.wrong - check.problems.length} more\n` : ''
  return `${lines}${more}${check.users} users, ${check.wrong} wrong; nothing imported\n`
}
