import { mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder, and those above it that are missing, for nobody else to read. Throws what the system says: ENOENT, ENOTDIR, EACCES, EROFS ….
 *
 * Node's own way (`recursive`) asks for ever where a file system has the parent, lets nobody make anything in it and calls that ENOENT, as
 * `/proc` does (v24.21): a path there held up the start without a word.
 */
export function makeFolder(path: string): void {
  const missing: string[] = []
  for (let at = resolve(path); statSync(at, { throwIfNoEntry: false })?.isDirectory() !== true; at = dirname(at)) {
    missing.push(at)
    if (dirname(at) === at) break
  }
  for (const folder of missing.reverse()) makeOne(folder)
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (thrown) {
    // another process made it in the meantime
    if ((thrown as { code?: string }).code !== 'EEXIST' || statSync(folder).isDirectory() !== true) throw thrown
  }
}
