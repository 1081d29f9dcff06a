import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Authority } from '@gatehouse/lab'
import { issueFiles } from './certificates.ts'
import { findTool } from './find-tool.ts'
import { freePorts } from './free-port.ts'
import { KubeClient } from './kube-client.ts'
import { type ManagedProcess, startProcess } from './managed-process.ts'

export interface RunningKube {
  readonly url: string
  readonly caFile: string
  readonly ca: string
  /** Admin rights, for `kubectl --kubeconfig`. */
  readonly kubeconfig: string
  readonly admin: KubeClient
  /** The process of the API server now. */
  apiServer(): ManagedProcess
  /** Starts the API server again at its old address, over the same store. */
  startApiServer(): Promise<void>
  /** A client with that token. */
  client(token: string): KubeClient
  stop(): Promise<void>
}

const READY_TIMEOUT_MS = 90_000
const PROBE_PAUSE_MS = 50

/**
 * A real kube-apiserver over a real etcd on this machine: RBAC, the admission that is on by default (PodSecurity too), tokens of service
 * accounts. No node, no scheduler, no controller: what they would do does not happen.
 */
export async function startKube(folder: string): Promise<RunningKube> {
  mkdirSync(folder, { recursive: true })
  const [etcdPort, peerPort, port] = (await freePorts(3)) as [number, number, number]
  const etcd = await startEtcd(folder, etcdPort, peerPort)
  const authority = Authority.create({ name: 'Cluster CA' })
  const files = issueFiles(folder, authority, 'kubernetes.default.svc', [authority], {
    dns: ['kubernetes.default.svc', 'localhost'],
    ip: ['127.0.0.1'],
  })
  const accounts = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const keyFile = join(folder, 'accounts.key')
  const publicFile = join(folder, 'accounts.pub')
  writeFileSync(keyFile, accounts.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  writeFileSync(publicFile, accounts.publicKey.export({ type: 'spki', format: 'pem' }))
  const adminToken = randomBytes(24).toString('hex')
  const tokenFile = join(folder, 'tokens.csv')
  writeFileSync(tokenFile, `${adminToken},admin,1,"system:masters"\n`, { mode: 0o600 })
  const url = `https://127.0.0.1:${port}`
  const client = (token: string): KubeClient => new KubeClient(url, token, authority.certPem)
  const admin = client(adminToken)
  let starts = 0
  const start = async (): Promise<ManagedProcess> => {
    const process = await startProcess({
      name: 'kube-apiserver',
      command: requireTool('kube-apiserver'),
      args: [
        `--etcd-servers=http://127.0.0.1:${etcdPort}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${port}`,
        `--tls-cert-file=${files.certFile}`,
        `--tls-private-key-file=${files.keyFile}`,
        `--token-auth-file=${tokenFile}`,
        '--anonymous-auth=false',
        '--authorization-mode=RBAC',
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${publicFile}`,
        `--service-account-signing-key-file=${keyFile}`,
        '--service-cluster-ip-range=10.96.0.0/16',
        '--endpoint-reconciler-type=none',
        '--profiling=false',
      ],
      logFile: join(folder, `kube-apiserver-${++starts}.log`),
      ready: { ports: [{ host: '127.0.0.1', port }] },
      readyTimeoutMs: READY_TIMEOUT_MS,
    })
    await untilReady(admin, process)
    return process
  }
  let apiServer = await start()
  const kubeconfig = join(folder, 'kubeconfig')
  writeFileSync(kubeconfig, kubeconfigText(url, authority.certPem, adminToken), { mode: 0o600 })
  return {
    url,
    caFile: files.caFile,
    ca: authority.certPem,
    kubeconfig,
    admin,
    apiServer: () => apiServer,
    startApiServer: async () => {
      apiServer = await start()
    },
    client,
    stop: async () => {
      admin.close()
      await apiServer.stop()
      await etcd.stop()
    },
  }
}

function startEtcd(folder: string, port: number, peerPort: number): Promise<ManagedProcess> {
  const [here, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`]
  return startProcess({
    name: 'etcd',
    command: requireTool('etcd'),
    args: [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${here}`,
      `--advertise-client-urls=${here}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      // the store of a test need not outlive a power cut
      '--unsafe-no-fsync',
    ],
    logFile: join(folder, 'etcd.log'),
    ready: { ports: [{ host: '127.0.0.1', port }] },
    readyTimeoutMs: READY_TIMEOUT_MS,
  })
}

async function untilReady(admin: KubeClient, process: ManagedProcess): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS
  while (performance.now() < deadline && !process.hasEnded) {
    const answer = await admin.get('/readyz').catch(() => undefined)
    if (answer?.status === 200) return
    await new Promise((resolve) => setTimeout(resolve, PROBE_PAUSE_MS))
  }
  const tail = process.output().slice(-3000)
  await process.stop()
  throw new Error(`kube-apiserver did not get ready; the end of its log (${process.logFile}):\n${tail}`)
}

function kubeconfigText(server: string, ca: string, token: string): string {
  return `${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin', namespace: 'gatehouse' } }],
    'current-context': 'test',
  })}\n`
}

function requireTool(name: string): string {
  const tool = findTool(name)
  if (tool === undefined) throw new Error(`${name} is not installed`)
  return tool
}
