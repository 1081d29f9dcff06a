import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Authority } from '@gatehouse/lab'
import { issueFiles } from './certificates.ts'
import { findTool } from './find-tool.ts'
import { freePorts } from './free-port.ts'
import type { RunningIrcNetwork } from './inspircd.ts'
import { startProcess } from './managed-process.ts'

const HOST = 'irc.example.org'

/** ngIRCd: no accounts, no message tags; a nick is all there is. */
export async function startNgircd(folder: string, authority: Authority): Promise<RunningIrcNetwork> {
  mkdirSync(folder, { recursive: true })
  const [port, plainPort] = (await freePorts(2)) as [number, number]
  const { certFile, keyFile } = issueFiles(folder, authority, HOST)
  const config = join(folder, 'ngircd.conf')
  writeFileSync(
    config,
    `[Global]
Name = ${HOST}
Info = test
Listen = 127.0.0.1
Ports = ${plainPort}
ServerUID = 65534
ServerGID = 65534
[Limits]
MaxConnectionsIP = 0
MaxNickLength = 20
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
[SSL]
CertFile = ${certFile}
KeyFile = ${keyFile}
Ports = ${port}
`,
  )
  const server = await startProcess({
    name: 'ngircd',
    command: findTool('ngircd') as string,
    args: ['-n', '-f', config],
    logFile: join(folder, 'ngircd.out'),
    ready: { ports: [{ host: '127.0.0.1', port }] },
  })
  return { host: HOST, port, stop: () => server.stop() }
}
