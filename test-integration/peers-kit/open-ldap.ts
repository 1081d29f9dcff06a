import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CertificateFiles } from './certificates.ts'
import { findTool } from './find-tool.ts'
import { freePorts } from './free-port.ts'
import { type ManagedProcess, startProcess } from './managed-process.ts'

export const LDAP_BASE = 'dc=contoso,dc=example'
export const LDAP_ADMIN = `cn=admin,${LDAP_BASE}`
export const LDAP_PASSWORD = 'a password of the test only'

export interface RunningLdap {
  readonly port: number
  readonly tlsPort: number
  readonly process: ManagedProcess
  /** Feeds LDIF to ldapadd or ldapmodify. */
  add(ldif: string): Promise<void>
  modify(ldif: string): Promise<void>
  stop(): Promise<void>
}

/** A slapd of its own: generated configuration, database in `folder`, plain and TLS ports on loopback. */
export async function startOpenLdap(folder: string, certificate: CertificateFiles): Promise<RunningLdap> {
  const tool = findTool('slapd')
  if (tool === undefined) throw new Error('slapd is not installed')
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const [port = 0, tlsPort = 0] = await freePorts(2)
  const config = join(folder, 'slapd.conf')
  writeFileSync(config, configText(data, certificate))
  const process = await startProcess({
    name: 'slapd',
    command: tool,
    args: ['-f', config, '-h', `ldap://127.0.0.1:${port}/ ldaps://127.0.0.1:${tlsPort}/`, '-d', '0'],
    logFile: join(folder, 'slapd.log'),
    ready: { ports: [port, tlsPort].map((one) => ({ host: '127.0.0.1', port: one })) },
  })
  let fed = 0
  const feed = async (command: string, ldif: string): Promise<void> => {
    const file = join(folder, `${++fed}.ldif`)
    writeFileSync(file, ldif)
    const client = await startProcess({
      name: command,
      command: findTool(command) ?? command,
      args: ['-x', '-H', `ldap://127.0.0.1:${port}`, '-D', LDAP_ADMIN, '-w', LDAP_PASSWORD, '-f', file],
      logFile: join(folder, `${fed}.log`),
      ready: {},
    })
    const code = await client.ended
    if (code !== 0) throw new Error(`${command} ended with code ${code}: ${client.output().slice(-500)}`)
  }
  return {
    port,
    tlsPort,
    process,
    add: (ldif) => feed('ldapadd', ldif),
    modify: (ldif) => feed('ldapmodify', ldif),
    stop: () => process.stop(),
  }
}

function configText(data: string, { certFile, keyFile, caFile }: CertificateFiles): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile ${certFile}
TLSCertificateKeyFile ${keyFile}
TLSCACertificateFile ${caFile}
sizelimit 50
pidfile ${join(data, 'slapd.pid')}
database mdb
maxsize 268435456
suffix "${LDAP_BASE}"
rootdn "${LDAP_ADMIN}"
rootpw "${LDAP_PASSWORD}"
directory ${data}
dbnosync
index objectClass,uid eq
index entryCSN,modifyTimestamp eq
limits dn.exact="cn=reader,${LDAP_BASE}" size.prtotal=unlimited size=50
limits dn.exact="cn=short,${LDAP_BASE}" size.prtotal=40 size=50
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=blind,${LDAP_BASE}" none by * read
`
}

/** The base, the accounts of the tests, and the two branches. */
export function ldapSkeleton(): string {
  const account = (name: string): string =>
    `dn: cn=${name},${LDAP_BASE}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: ${name}\nuserPassword: ${LDAP_PASSWORD}\n`
  return [
    `dn: ${LDAP_BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Contoso\ndc: contoso\n`,
    account('reader'),
    account('short'),
    account('blind'),
    `dn: ou=people,${LDAP_BASE}\nobjectClass: organizationalUnit\nou: people\n`,
    `dn: ou=groups,${LDAP_BASE}\nobjectClass: organizationalUnit\nou: groups\n`,
  ].join('\n')
}
