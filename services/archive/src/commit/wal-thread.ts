// Entry of the thread that copies the write-ahead log back into the database; started by commit-thread.ts and by nothing else.
import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'

export interface WalThreadData {
  readonly file: string
}

const EVERY_MS = 100
const BUSY_TIMEOUT_MS = 1

/**
 * Copying back takes tens of milliseconds when much has gathered, and whoever does it waits for the disk. Done here a little at a time, beside
 * the commits, it leaves next to nothing to the writer, which does the rest when its log is long enough to begin anew.
 */
function run({ file }: WalThreadData): void {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  // Copying back is all this connection does; the pages need not be kept.
  database.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = FULL; PRAGMA cache_size = -64')
  const copyBack = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')
  setInterval(() => {
    try {
      copyBack.get()
    } catch {
      // Whatever is wrong with the disk, the next commit finds it, too, and says so.
    }
  }, EVERY_MS)
}

run(workerData as WalThreadData)
