import { type ExplainFactsResponse, FactsService } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { timeOfUs } from '../output/format-time.ts'
import { printable, type Style } from '../output/style.ts'
import { formatTable } from '../output/table.ts'

export const usersShowCommand: Command = {
  name: 'users show',
  summary: 'Say what a user may do, and who says so',
  description:
    'Shows what holds for one internal user once the policy document, the directory, imports, groups and defaults have spoken: each right with the object that says so, groups, contacts and where they come from.',
  positionals: [{ name: 'USER', description: 'user@domain.', isRequired: true }],
  options: [...connectOptions],
  examples: [{ command: 'gatehouse users show bob@contoso.example', explanation: 'why may Bob not write to Fabrikam?' }],
  run: async (call) => {
    const response = await withGateway(call, (connection) =>
      connection.client(FactsService).explainFacts({ user: call.positionals[0] ?? '' }),
    )
    call.out.result(response, () => describe(response, call.out.style))
    return response.known ? exitCodes.ok.code : exitCodes.negative.code
  },
}

function describe(facts: ExplainFactsResponse, style: Style): string {
  const known = facts.known ? `known by ${facts.source}` : style.warn('known to nobody')
  const notes = facts.lookedUp ? '' : `${style.warn('UserSettings.lookUp is off: only the policy document counts')}\n`
  const rights = formatTable(
    ['RIGHT', 'VALUE', 'SAID BY'],
    facts.rights.map((right) => [right.right, right.value, right.source || '-']),
    style,
  )
  const contacts = formatTable(
    ['CONTACT', 'ORIGIN', 'UNTIL'],
    facts.contacts.map((contact) => [
      contact.address,
      contact.origin,
      contact.expiresMs === 0n ? '-' : timeOfUs(contact.expiresMs * 1000n),
    ]),
    style,
  )
  const lists = [
    ['groups of directory and imports', facts.groups],
    ['safe list', facts.safeList],
  ] as const
  const rest = lists.map(([name, values]) =>
    values.length === 0 ? '' : `\n${style.dim(name)}\n${values.map((value) => `  ${printable(value)}\n`).join('')}`,
  )
  return `${printable(facts.user)}: ${printable(known)}\n${notes}\n${rights}${rest.join('')}\n${contacts}`
}
