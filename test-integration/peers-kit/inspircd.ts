import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Authority } from '@gatehouse/lab'
import { issueFiles } from './certificates.ts'
import { findTool } from './find-tool.ts'
import { freePorts } from './free-port.ts'
import { startProcess } from './managed-process.ts'

export interface RunningIrcNetwork {
  /** Name on its certificate. */
  readonly host: string
  /** TLS. */
  readonly port: number
  stop(): Promise<void>
}

const HOST = 'irc.example.net'
const SERVICES = 'services.example.net'
const IRCV3 = ['accounttag', 'batch', 'capnotify', 'ctctags', 'echomessage', 'labeledresponse', 'msgid', 'servertime']

/** InspIRCd with Atheme: accounts, SASL, account-tag, labels and echoes. */
export async function startInspircd(folder: string, authority: Authority): Promise<RunningIrcNetwork> {
  mkdirSync(folder, { recursive: true })
  const [port, linkPort] = (await freePorts(2)) as [number, number]
  const { certFile, keyFile } = issueFiles(folder, authority, HOST)
  const config = join(folder, 'inspircd.conf')
  writeFileSync(config, inspircdConfig(folder, { port, linkPort, certFile, keyFile }))
  const server = await startProcess({
    name: 'inspircd',
    command: findTool('inspircd') as string,
    args: ['--nofork', '--runasroot', `--config=${config}`],
    // it may leave a core file where it runs when it is told to end
    cwd: folder,
    logFile: join(folder, 'inspircd.out'),
    ready: {
      ports: [
        { host: '127.0.0.1', port },
        { host: '127.0.0.1', port: linkPort },
      ],
    },
  })
  const services = await startServices(folder, linkPort).catch(async (thrown: unknown) => {
    await server.stop()
    throw thrown
  })
  return {
    host: HOST,
    port,
    stop: async () => {
      await services.stop()
      await server.stop()
    },
  }
}

function startServices(folder: string, linkPort: number): ReturnType<typeof startProcess> {
  const data = join(folder, 'atheme')
  mkdirSync(data)
  // It may give up root by itself, and then still has to write here.
  chmodSync(data, 0o777)
  const config = join(folder, 'atheme.conf')
  writeFileSync(config, athemeConfig(linkPort))
  return startProcess({
    name: 'atheme-services',
    command: findTool('atheme-services') as string,
    args: ['-n', '-c', config, '-D', data, '-l', join(data, 'atheme.log'), '-p', join(data, 'atheme.pid')],
    logFile: join(folder, 'atheme.out'),
    ready: { line: /finished synching with uplink/ },
  })
}

interface InspircdParts {
  readonly port: number
  readonly linkPort: number
  readonly certFile: string
  readonly keyFile: string
}

function inspircdConfig(folder: string, { port, linkPort, certFile, keyFile }: InspircdParts): string {
  const modules = [
    'cap',
    'ircv3',
    ...IRCV3.map((name) => `ircv3_${name}`),
    'monitor',
    'services_account',
    'sasl',
    'spanningtree',
    'ssl_gnutls',
  ]
  return `<config format="xml">
<server name="${HOST}" description="test" network="TestNet" id="0AA">
<admin name="admin" nick="admin" email="admin@example.net">
<path datadir="${folder}" logdir="${folder}" runtimedir="${folder}">
${modules.map((name) => `<module name="${name}">`).join('\n')}
<sslprofile name="clients" provider="gnutls" certfile="${certFile}" keyfile="${keyFile}">
<bind address="127.0.0.1" port="${port}" type="clients" ssl="clients">
<bind address="127.0.0.1" port="${linkPort}" type="servers">
<connect name="all" allow="*" timeout="60" pingfreq="120" hardsendq="1M" softsendq="8192" recvq="16K" threshold="1000" commandrate="100000" fakelag="no" localmax="1000" globalmax="1000" resolvehostnames="no">
<cidr ipv4clone="32" ipv6clone="128">
<dns server="127.0.0.1" timeout="1">
<options casemapping="rfc1459">
<performance netbuffersize="10240" softlimit="1000" clonesonconnect="no">
<log method="file" type="*" level="default" target="${folder}/inspircd.log">
<sasl target="${SERVICES}" requiressl="yes">
<link name="${SERVICES}" ipaddr="127.0.0.1" port="${linkPort}" sendpass="link" recvpass="link" allowmask="127.0.0.0/8">
<uline server="${SERVICES}" silent="yes">
`
}

function athemeConfig(linkPort: number): string {
  const modules = [
    'protocol/inspircd',
    'backend/opensex',
    'crypto/pbkdf2v2',
    'nickserv/main',
    'nickserv/identify',
    'nickserv/register',
    'saslserv/main',
    'saslserv/plain',
  ]
  return `${modules.map((name) => `loadmodule "modules/${name}";`).join('\n')}
serverinfo { name = "${SERVICES}"; desc = "services"; numeric = "00A"; recontime = 1; netname = "TestNet"; hidehostsuffix = "users"; adminname = "admin"; adminemail = "admin@example.net"; registeremail = "admin@example.net"; auth = none; mta = "/bin/true"; loglevel = { all; }; maxlogins = 100; maxusers = 0; mdlimit = 30; emaillimit = 100; emailtime = 300; casemapping = rfc1459; };
uplink "${HOST}" { host = "127.0.0.1"; port = ${linkPort}; send_password = "link"; receive_password = "link"; };
nickserv { nick = "NickServ"; user = "NickServ"; host = "${SERVICES}"; real = "services"; };
saslserv { nick = "SaslServ"; user = "SaslServ"; host = "${SERVICES}"; real = "services"; };
general { helpchan = "#help"; silent; join_chans; leave_chans; uflags = { hidemail; }; cflags = { }; flood_msgs = 0; ratelimit_uses = 1000; ratelimit_period = 1; commit_interval = 5; db_save_blocking; default_clone_limit = 100; };
`
}
