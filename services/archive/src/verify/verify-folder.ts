import { createHash, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import type { Checkpoint } from '../chain/checkpoint.ts'
import type { ExportedFile } from '../export/export-folder.ts'
import type { Finding } from './chain-checker.ts'
import { parseExportLine } from './export-lines.ts'
import { faultOfProof, parseProofLine } from './proof-document.ts'

export interface FolderReport {
  readonly isIntact: boolean
  /** Records whose proof was checked. */
  readonly checked: number
  readonly headSequence: number
  readonly headHash: string
  readonly findings: readonly Finding[]
}

interface Manifest {
  readonly messages: number
  readonly head: { readonly sequence: number; readonly hash: string }
  readonly files: readonly ExportedFile[]
}

/** Checks the folder of an export without the archive: every file against its digest, every record against its signed tree. */
export function verifyFolder(root: string, publicKeys: readonly KeyObject[]): FolderReport {
  const findings: Finding[] = []
  const find = (sequence: number, code: Finding['code'], detail: string): void => void findings.push({ sequence, code, detail })
  const manifest = JSON.parse(readFileSync(join(root, 'manifest.json'), 'utf8')) as Manifest
  const checkpoints = new Map<number, Checkpoint>()
  const proofs: string[] = []
  for (const { path, sha256 } of manifest.files) {
    const full = join(root, normalize(path))
    if (!full.startsWith(normalize(root)) || !existsSync(full)) {
      find(0, 'GH-ARCHIVE-GAP', `${path} is missing`)
      continue
    }
    const content = readFileSync(full)
    if (createHash('sha256').update(content).digest('hex') !== sha256) find(0, 'GH-ARCHIVE-ALTERED', path)
    if (path.startsWith('proofs/')) proofs.push(full)
    if (!path.startsWith('checkpoints/')) continue
    const parsed = parseExportLine(content.toString('utf8').trim())
    if (parsed?.kind === 'checkpoint') checkpoints.set(parsed.checkpoint.sequence, parsed.checkpoint)
  }
  let checked = 0
  for (const file of proofs) {
    for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
      const proven = parseProofLine(line, checkpoints)
      const fault = proven === undefined ? 'a line cannot be read, or its checkpoint is missing' : faultOfProof(proven, publicKeys)
      if (fault !== undefined) find(proven?.record.sequence ?? 0, 'GH-ARCHIVE-ALTERED', fault)
      checked++
    }
  }
  if (checked !== manifest.messages) find(0, 'GH-ARCHIVE-GAP', `the manifest counts ${manifest.messages} records, ${checked} are there`)
  return {
    isIntact: findings.length === 0,
    checked,
    headSequence: manifest.head.sequence,
    headHash: manifest.head.hash,
    findings,
  }
}
