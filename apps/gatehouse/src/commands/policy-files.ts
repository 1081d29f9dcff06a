import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { errorsOf, messageOf } from '@gatehouse/errors'
import type { Call } from '../cli/command.ts'
import { cliCodes } from '../errors.ts'
import { readText } from '../read-text.ts'

const cliError = errorsOf(cliCodes)

export interface NamedText {
  readonly name: string
  readonly text: string
}

/** What `-f` names: files, folders (every .yaml and .yml in them, by name) and `-` for standard input. */
export async function readPolicyFiles(call: Call, paths: readonly string[]): Promise<readonly NamedText[]> {
  const files: NamedText[] = []
  for (const path of paths) {
    if (path === '-') files.push({ name: 'stdin', text: await call.io.readInput() })
    else for (const file of expand(call.io.cwd, path)) files.push({ name: file, text: readText(call.io.cwd, file) })
  }
  return files
}

function expand(cwd: string, path: string): readonly string[] {
  const full = resolve(cwd, path)
  try {
    if (!statSync(full).isDirectory()) return [path]
    const names = readdirSync(full).filter((name) => /\.ya?ml$/.test(name))
    if (names.length === 0) throw cliError('GH-CLI-FILE', `${path} has no .yaml files`)
    return names.sort().map((name) => join(path, name))
  } catch (cause) {
    throw cliError('GH-CLI-FILE', messageOf(cause), { cause })
  }
}
