import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningPostgres, startPostgres } from '@gatehouse/test-integration'

/** A PostgreSQL of its own with an empty database. */
export interface OpenDatabase {
  readonly server: RunningPostgres
  readonly url: string
  readonly stop: () => Promise<void>
}

export async function openDatabase(name: string): Promise<OpenDatabase> {
  // The server may run as a user of its own (PostgreSQL refuses root), who has to reach its files.
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-pg-'))
  chmodSync(folder, 0o777)
  const server = await startPostgres(folder)
  const url = await server.makeDatabase(name)
  const stop = async (): Promise<void> => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { server, url, stop }
}
