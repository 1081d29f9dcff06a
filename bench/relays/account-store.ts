import { openDatabase } from './open-database.ts'

/** A PostgreSQL with the accounting table that Kamailio writes to. */
export interface AccountStore {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

// The tables of Kamailio's own `acc-create.sql`, with a column for each thing that our archive keeps, too.
const TABLES = `
CREATE TABLE version (id SERIAL PRIMARY KEY NOT NULL, table_name VARCHAR(32) NOT NULL, table_version INTEGER DEFAULT 0 NOT NULL,
  CONSTRAINT version_table_name_idx UNIQUE (table_name));
CREATE TABLE acc (id SERIAL PRIMARY KEY NOT NULL, method VARCHAR(16) DEFAULT '' NOT NULL, from_tag VARCHAR(128) DEFAULT '' NOT NULL,
  to_tag VARCHAR(128) DEFAULT '' NOT NULL, callid VARCHAR(255) DEFAULT '' NOT NULL, sip_code VARCHAR(3) DEFAULT '' NOT NULL,
  sip_reason VARCHAR(128) DEFAULT '' NOT NULL, time TIMESTAMP WITHOUT TIME ZONE NOT NULL,
  src_user TEXT, src_domain TEXT, dst_user TEXT, dst_domain TEXT, content_type TEXT, body TEXT);
CREATE INDEX acc_callid_idx ON acc (callid);
INSERT INTO version (table_name, table_version) VALUES ('acc', 5);
`

export async function startAccountStore(): Promise<AccountStore> {
  const name = 'kamailio'
  const database = await openDatabase(name)
  await database.server.run(name, TABLES)
  return { url: database.url, pid: database.server.pid, stop: () => database.stop() }
}
