import { resolve } from 'node:path'
import { errorsOf } from '@gatehouse/errors'
import type { Command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { cliCodes } from '../errors.ts'
import { readText } from '../read-text.ts'

const cliError = errorsOf(cliCodes)

export const archiveRestoreCommand: Command = {
  name: 'archive restore',
  summary: 'Copy a log from SQLite into PostgreSQL',
  description:
    'Reads the log of a stopped archive, or a backup of it, and its body keys and holds, and writes them into a PostgreSQL database that has no log: the same records, chain, checkpoints and proofs. All of it or nothing. The signing key and the key file stay as they are.',
  options: [
    {
      name: 'from',
      value: 'FILE',
      isRequired: true,
      description: 'The log (archive.databaseFile), with .keys beside it where bodies are encrypted.',
    },
    { name: 'url-file', value: 'FILE', isRequired: true, description: 'File with the connection string, as archive.postgres.urlFile.' },
  ],
  examples: [
    {
      command: 'gatehouse archive restore --from backup/archive.db --url-file /etc/gatehouse/archive.url',
      explanation: 'move to several archives',
    },
  ],
  run: async (call) => {
    const { cwd } = call.io
    const from = call.text('from')
    const urlFile = call.text('url-file')
    if (from === undefined || urlFile === undefined) throw cliError('GH-CLI-USAGE', '--from and --url-file are needed.')
    const { restoreLog } = await import('@gatehouse/archive')
    const restored = await restoreLog(resolve(cwd, from), readText(cwd, urlFile).trim())
    call.out.result(
      { ...restored },
      () => `${restored.records} records, ${restored.checkpoints} checkpoints and ${restored.bodyKeys} body keys restored\n`,
    )
    return exitCodes.ok.code
  },
}
