import { createHash } from 'node:crypto'
import { errorsOf } from '@gatehouse/errors'
import { API_VERSION } from '@gatehouse/policy-document'
import { PolicyAdminService } from '@gatehouse/proto'
import type { Call, Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { type ExitCode, exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { cliCodes } from '../errors.ts'
import { formatOutcome, hasErrors } from '../output/format-changes.ts'

const cliError = errorsOf(cliCodes)

const target = { name: 'TARGET', description: 'A domain, with everything below it, or user@domain.', isRequired: true }

export const blockCommand: Command = {
  name: 'block',
  summary: 'Block a domain or an address at once',
  description: 'Adds a block entry, or replaces the one this command made before. No allow entry overrides it.',
  options: [
    { name: 'reason', value: 'TEXT', isRequired: true, description: 'Why; shown by "gatehouse explain".' },
    { name: 'expires', value: 'DATE', description: 'Until when, as 2027-01-31 or 2027-01-31T12:00:00Z. Default: for good.' },
    { name: 'owner', value: 'NAME', description: 'Who answers for it. Default: you.' },
    { name: 'dry-run', description: 'Show the change, make none.' },
    ...connectOptions,
  ],
  positionals: [target],
  examples: [
    {
      command: 'gatehouse block evil.example --reason "bulk messages, ticket 4711" --expires 2027-06-30',
      explanation: 'a domain, for a while',
    },
    { command: 'gatehouse block eve@evil.example --reason "phishing"', explanation: 'one address' },
  ],
  run: async (call) => {
    const name = targetOf(call)
    const reason = call.text('reason') ?? ''
    const expires = call.text('expires')
    const spec = {
      [name.includes('@') ? 'address' : 'domain']: name,
      owner: call.text('owner') ?? call.io.userName,
      reason,
      ...(expires === undefined ? {} : { expires }),
    }
    // JSON is YAML; quoting a reason is left to it
    const text = JSON.stringify({ apiVersion: API_VERSION, kind: 'BlockEntry', metadata: { name: blockName(name) }, spec })
    return await change(call, { files: [{ name: 'block', text }], reason: `block ${name}: ${reason}` })
  },
}

export const unblockCommand: Command = {
  name: 'unblock',
  summary: 'Lift the block on a domain or an address',
  description: 'Deletes every block entry on exactly this domain or address. An entry on a domain above it stays.',
  options: [
    { name: 'reason', value: 'TEXT', description: 'Why; kept in the history.' },
    { name: 'dry-run', description: 'Show the change, make none.' },
    ...connectOptions,
  ],
  positionals: [target],
  examples: [{ command: 'gatehouse unblock evil.example --reason "cleared by security"', explanation: 'messages may pass again' }],
  run: async (call) => {
    const name = targetOf(call)
    const reason = call.text('reason')
    return await change(call, { unblock: [name], reason: `unblock ${name}${reason === undefined ? '' : `: ${reason}`}` })
  },
}

function targetOf(call: Call): string {
  const name = (call.positionals[0] ?? '').toLowerCase().replace(/^sips?:/, '')
  if (name === '') throw cliError('GH-CLI-USAGE', 'TARGET is a domain or an address.')
  return name
}

/** Readable and unique: two targets that look alike once reduced to the letters of a name differ in the hash. */
function blockName(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8)
  const letters = name.replace(/[^a-z0-9.-]+/g, '-').replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return `block-${letters.slice(0, 200)}-${hash}`.replace(/[-.]{2,}/g, '-')
}

async function change(
  call: Call,
  what: { readonly files?: { name: string; text: string }[]; readonly unblock?: string[]; readonly reason: string },
): Promise<ExitCode> {
  const response = await withGateway(call, (connection) =>
    connection.client(PolicyAdminService).apply({ ...what, author: call.io.userName, dryRun: call.flag('dry-run') }),
  )
  call.out.result(response, () => formatOutcome(response, call.flag('dry-run'), call.out.style))
  return hasErrors(response.problems) ? exitCodes.problems.code : exitCodes.ok.code
}
