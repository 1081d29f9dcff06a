import { appendFileSync, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { KeyRing, newKeyLine } from '@gatehouse/archive/offline'
import { errorsOf, messageOf } from '@gatehouse/errors'
import type { Command } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { cliCodes } from '../errors.ts'

const cliError = errorsOf(cliCodes)

export const archiveKeyCommand: Command = {
  name: 'archive key',
  summary: 'Make or rotate the key that protects archived bodies',
  description:
    'Adds a new key-encryption key to the file that archive.encryption.keyFile names, or makes the file (mode 0600). After a restart of the archive the new key wraps all body keys; lines of older keys may then be removed.',
  options: [],
  positionals: [{ name: 'FILE', isRequired: true, description: 'The key file.' }],
  examples: [{ command: 'gatehouse archive key /etc/gatehouse/archive.keys', explanation: 'the first key, or a new one' }],
  run: async (call) => {
    const [name] = call.positionals
    if (name === undefined) throw cliError('GH-CLI-USAGE', 'FILE is missing.')
    const file = resolve(call.io.cwd, name)
    // A file that is none of ours must not get a key at its end.
    if (existsSync(file)) KeyRing.read(file)
    const id = new Date(call.io.nowMs()).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
    try {
      appendFileSync(file, newKeyLine(id), { mode: 0o600 })
    } catch (cause) {
      throw cliError('GH-CLI-FILE', messageOf(cause), { cause })
    }
    KeyRing.read(file)
    call.out.result({ file, keyId: id }, () => `key ${id} added to ${file}\n`)
    return exitCodes.ok.code
  },
}
