import type { Buffer } from 'node:buffer'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const FOLDERS: readonly URL[] = [
  new URL('../../testdata/', import.meta.url),
  new URL('../../../../../shared/corpora/rfc4475/', import.meta.url),
  new URL('../../../../../shared/corpora/rfc5118/', import.meta.url),
]

/** Our own messages, and those of the corpora where they are present. */
export function readSamples(): ReadonlyMap<string, Buffer> {
  const samples = new Map<string, Buffer>()
  for (const folder of FOLDERS) {
    if (!existsSync(folder)) continue
    for (const file of readdirSync(folder).sort()) samples.set(file, readFileSync(new URL(file, folder)))
  }
  return samples
}
