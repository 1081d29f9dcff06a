import { importLcs, type LcsImport } from '@gatehouse/lcs-parity'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { formatOutcome, hasErrors } from '../output/format-changes.ts'
import { printable, type Style } from '../output/style.ts'
import { readText } from '../read-text.ts'
import { levelOf, levelOption } from './lcs-level.ts'
import { applyPolicy } from './policy-calls.ts'
import { readPolicyInForce } from './policy-in-force.ts'

export const importLcsCommand: Command = {
  name: 'import-lcs',
  summary: 'Take over settings of a Live Communications Server',
  description:
    'Reads an LcsCmd-style XML export and restores what it names in the policy, on top of what is in force. Properties without a place in the policy are listed, each with where they belong; none is dropped silently.',
  options: [
    levelOption,
    { name: 'dry-run', description: 'Show what would change and what is not carried over; change nothing.' },
    { name: 'reason', value: 'TEXT', description: 'Why; kept in the history. Default: import of the file.' },
    ...connectOptions,
  ],
  positionals: [{ name: 'FILE', description: 'XML file, or - for standard input.', isRequired: true }],
  examples: [
    { command: 'gatehouse import-lcs EEServerExport.xml --dry-run', explanation: 'what would come over' },
    { command: 'gatehouse import-lcs export.xml', explanation: 'bring back what was deleted since the export' },
  ],
  run: async (call) => {
    const path = call.positionals[0] ?? ''
    const level = levelOf(call)
    const xml = path === '-' ? await call.io.readInput() : readText(call.io.cwd, path)
    const { imported, response } = await withGateway(call, async (connection) => {
      const { revision, objects } = await readPolicyInForce(call, connection, 0n)
      const made = importLcs(xml, objects, level)
      const order = {
        author: call.io.userName,
        reason: call.text('reason') ?? `import of ${path}`,
        dryRun: call.flag('dry-run'),
        // what was merged here was merged with this revision
        expectedRevision: revision,
      }
      const applied = await applyPolicy(call, connection, order, [{ name: `${path} as converted`, text: made.text }])
      return { imported: made, response: applied }
    })
    const { style } = call.out
    call.out.result(
      { ...response, notes: imported.notes },
      () => formatNotes(imported, style) + formatOutcome(response, call.flag('dry-run'), style),
    )
    return hasErrors(response.problems) ? exitCodes.problems.code : exitCodes.ok.code
  },
}

function formatNotes({ notes }: LcsImport, style: Style): string {
  return notes
    .map(({ className, property, value, place, text }) => {
      const what = place === 'unknown' ? style.warn('unknown') : style.dim(place)
      return `${what} ${printable(`${className}.${property} = ${value}`)}: ${printable(text)}\n`
    })
    .join('')
}
