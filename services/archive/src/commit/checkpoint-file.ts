import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs'
import { messageOf } from '@gatehouse/errors'
import { type Checkpoint, checkpointLine } from '../chain/checkpoint.ts'

/** Adds a checkpoint to the second checkpoint file, if there is one; why it could not, or an empty text. */
export function copyCheckpoint(checkpoint: Checkpoint, file: string | undefined): string {
  if (file === undefined) return ''
  try {
    const handle = openSync(file, 'a', 0o644)
    try {
      appendFileSync(handle, `${checkpointLine(checkpoint)}\n`)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    return ''
  } catch (thrown) {
    return messageOf(thrown)
  }
}
