import { Client } from 'pg'
import { archiveError } from '../../errors.ts'

export interface SessionRules {
  readonly url: string
  /** How long a commit waits for another replica that appends. */
  readonly lockTimeoutMs: number
}

const CONNECT_MS = 5_000
/** A statement that takes longer is hanging with its server; what became of it is unknown. */
const QUERY_MS = 15_000
/** A replica that stops in the middle of a transaction would keep all others from appending. */
const IDLE_IN_TRANSACTION_MS = 5_000

/** Stronger than needed is fine; anything weaker acknowledges what a power cut takes away. */
const DURABLE_COMMITS: readonly string[] = ['on', 'remote_apply']

/** A connection that appends. Rejects with GH-ARCHIVE-NOT-DURABLE, or what the connection says. */
export async function openSession(rules: SessionRules, onLost: (thrown: Error) => void): Promise<Client> {
  const client = new Client({
    connectionString: rules.url,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    lock_timeout: rules.lockTimeoutMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    application_name: 'gatehouse-archive',
  })
  client.on('error', onLost)
  await client.connect()
  try {
    await requireDurable(client)
  } catch (thrown) {
    await client.end().catch(() => undefined)
    throw thrown
  }
  return client
}

async function requireDurable(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name IN ('synchronous_commit', 'fsync')",
  )
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]))
  const commit = settings.get('synchronous_commit') ?? ''
  if (!DURABLE_COMMITS.includes(commit)) throw archiveError('GH-ARCHIVE-NOT-DURABLE', `synchronous_commit is ${commit}.`)
  if (settings.get('fsync') !== 'on') throw archiveError('GH-ARCHIVE-NOT-DURABLE', 'fsync is off.')
  // From here on nobody changes it for this session.
  await client.query(`SET synchronous_commit = ${commit}`)
}
