import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { archiveConfig, buildArchiveService, LogReader } from '@gatehouse/archive'
import { ArchiveClient } from '@gatehouse/archive-client'
import { createEmbeddedBus } from '@gatehouse/bus'
import { Authority } from '@gatehouse/lab'
import { parsePolicy } from '@gatehouse/policy-document'
import { compileSnapshot, type DecisionInput, DecisionState } from '@gatehouse/policy-engine'
import { ArchiveRecordSchema } from '@gatehouse/proto'
import { judgeAndRecord } from '@gatehouse/receipt/test'
import { MetricsRegistry, silentLogger } from '@gatehouse/telemetry'
import { type CertificateFiles, issueFiles } from '../peers-kit/certificates.ts'
import { contosoPolicy, policyDocument } from '../peers-kit/contoso-policy.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { startProcess } from '../peers-kit/managed-process.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const CLI = ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', join(REPOSITORY, 'apps/gatehouse/src/main.ts')]
const MESSAGES = 900

const POLICY =
  contosoPolicy({ settings: { unverified: { message: 'deliver' } }, fabrikam: { edge: 'sip.fabrikam.example' } }) +
  policyDocument('BlockEntry', 'trial', { address: 'user7@fabrikam.example', owner: 'security', reason: 'on trial', mode: 'observe' })
const CHANGE = policyDocument('BlockEntry', 'user3', { address: 'user3@fabrikam.example', owner: 'security', reason: 'bulk' })

/** User N of the partner to Alice, as the partner's own edge sends it. */
function messageFrom(user: number): DecisionInput {
  return {
    nowMs: Date.now(),
    side: 'external',
    kind: 'message',
    method: 'MESSAGE',
    fromUser: `user${user}`,
    fromDomain: 'fabrikam.example',
    toUser: 'alice',
    toDomain: 'contoso.example',
    assertedDomains: [],
    peer: {
      isAuthenticated: true,
      refusal: undefined,
      names: { dns: ['sip.fabrikam.example'], sipDomains: [], commonName: undefined },
      anchors: ['lab'],
      mayBeTlsClient: true,
      fingerprint: 'ab'.repeat(32),
      spkiPin: '',
      issuer: '',
      serial: '',
      notAfterMs: Date.now() + 60_000,
    },
    bound: undefined,
    assertedMark: 'verified',
    isInDialog: false,
    srv: () => undefined,
  }
}

/** An archive with what the gate would have recorded under revision 1. */
async function fillArchive(databaseFile: string): Promise<void> {
  const { objects } = parsePolicy([{ name: 'policy.yaml', text: POLICY }], { nowMs: Date.now() })
  const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects })
  const bus = createEmbeddedBus()
  const archive = buildArchiveService(archiveConfig.parse({ databaseFile }), { bus, log: silentLogger, metrics: new MetricsRegistry() })
  await archive.start()
  const setTimer = (run: () => void, delayMs: number): (() => void) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  }
  const client = new ArchiveClient({ bus, defer: (run) => void setImmediate(run), setTimer }, { timeoutMs: 10_000 })
  const state = new DecisionState()
  const outcomes = Array.from({ length: MESSAGES }, (_, at) => {
    const judged = judgeAndRecord(snapshot, messageFrom(at % 9), state)
    assert.ok(judged !== undefined)
    return new Promise<unknown>((resolve) => client.append(judged.record, resolve))
  })
  await Promise.all(outcomes)
  await archive.stop()
  await bus.close(1000)
}

function accessesIn(databaseFile: string): string[] {
  const reader = new LogReader(databaseFile)
  const accesses = reader.page(0, reader.lastSequence(), 10_000).flatMap(({ record }) => {
    const { content } = fromBinary(ArchiveRecordSchema, record)
    if (content.case !== 'access') return []
    const { action, caller, query, reason } = content.value
    const { onBehalfOf = 'nobody' } = JSON.parse(query) as { onBehalfOf?: string }
    return [`${action} by ${caller} for ${onBehalfOf}: ${reason}`]
  })
  reader.close()
  return accesses
}

function configOf(rack: PeerRack, name: string, port: number, files: CertificateFiles, more: string): string {
  const tls = (which: CertificateFiles): string => `{ certFile: ${which.certFile}, keyFile: ${which.keyFile}, caFile: ${which.caFile} }`
  const file = rack.path(`${name}.yaml`)
  writeFileSync(
    file,
    `stateDir: ${rack.path('state')}
control: { listen: "127.0.0.1:${port}", tls: ${tls(files)} }
telemetry: { log: { level: warn } }
federationPeer:
  externalEdge: { name: sip.contoso.example, listen: { address: 127.0.0.1 }, certificate: { certFile: x, keyFile: x } }
  internalEdge:
    name: gate.contoso.example
    listen: { address: 127.0.0.1 }
    certificate: { certFile: x, keyFile: x }
    nextHop: { host: home.contoso.example }
  trust: [{ name: lab, files: [x] }]
${more}`,
  )
  return file
}

test(
  'explain, simulate and observed with policy and archive in processes of their own',
  withRack('replay-across', async (rack, t) => {
    const authority = Authority.create({ name: 'Services' })
    const [archivePort, policyPort] = (await freePorts(2)) as [number, number]
    const issue = (name: string): CertificateFiles =>
      issueFiles(rack.path('tls'), authority, name, [authority], { dns: [name, 'localhost'] })
    const policyTls = issue('policy.contoso.example')
    const operator = issue('operator.contoso.example')
    mkdirSync(rack.path('state'))
    await fillArchive(rack.path('state/archive.db'))
    const access = '[{ caller: policy.contoso.example, role: replay }, { caller: operator.contoso.example, role: reader }]'
    const archiveYaml = configOf(rack, 'archive', archivePort, issue('archive.contoso.example'), `archive: { access: ${access} }\n`)
    const policyYaml = configOf(
      rack,
      'policy',
      policyPort,
      policyTls,
      `policy:
  access: [{ caller: operator.contoso.example, role: admin }]
  archive:
    target: "localhost:${archivePort}"
    tls: { certFile: ${policyTls.certFile}, keyFile: ${policyTls.keyFile}, caFile: ${policyTls.caFile} }
`,
    )
    const start = (name: string, config: string) =>
      startProcess({
        name,
        command: process.execPath,
        args: [...CLI, 'service', name, '--config', config],
        cwd: rack.folder,
        logFile: rack.path(`${name}.log`),
        ready: { line: /control +/ },
      })
    rack.add(await start('policy', policyYaml))
    const archive = rack.add(await start('archive', archiveYaml))
    const as = (who: CertificateFiles, port: number, ...args: string[]): SpawnSyncReturns<string> => {
      const connect = ['--connect', `localhost:${port}`, '--tls-cert', who.certFile, '--tls-key', who.keyFile, '--tls-ca', who.caFile]
      return spawnSync(process.execPath, [...CLI, ...args, ...connect], { cwd: rack.folder, encoding: 'utf8' })
    }
    const policy = (...args: string[]): SpawnSyncReturns<string> => as(operator, policyPort, ...args)
    writeFileSync(rack.path('policy-1.yaml'), POLICY)
    writeFileSync(rack.path('change.yaml'), CHANGE)
    const applied = policy('apply', '-f', 'policy-1.yaml')
    assert.equal(applied.status, 0, applied.stderr + applied.stdout)

    await rack.step(t, 'simulate reads the archive of the other process, to the last message', async () => {
      const run = policy('simulate', '-f', 'change.yaml', '--json')
      assert.equal(run.status, 0, run.stderr)
      const { report } = JSON.parse(run.stdout) as { report: { judged: string; newlyBlocked: string } }
      assert.deepEqual([report.judged, report.newlyBlocked], [String(MESSAGES), String(MESSAGES / 9)])
    })

    await rack.step(t, 'policy observed counts there, and explain --id replays one of what it found', async () => {
      const observed = policy('policy', 'observed')
      assert.equal(observed.status, 0, observed.stderr)
      assert.match(observed.stdout, /BlockEntry\/trial +GH-POLICY-BLOCKED +fabrikam +100 /)
      const id = /[0-9a-f]{32}/.exec(observed.stdout)?.[0] ?? ''
      const explained = policy('explain', '--id', id)
      assert.equal(explained.status, 0, explained.stderr)
      assert.match(explained.stdout, /user7@fabrikam\.example[\s\S]*decided by Partner\/fabrikam/)
    })

    await rack.step(t, 'the policy service may read for replaying and nothing else, others what their role says', async () => {
      assert.match(as(policyTls, archivePort, 'archive', 'search', '--limit', '1').stderr, /GH-ARCHIVE-ROLE/)
      assert.match(
        as(operator, archivePort, 'archive', 'hold', 'add', 'x', '--user', 'a@b.example', '--reason', 'x').stderr,
        /GH-ARCHIVE-ROLE/,
      )
      assert.equal(as(operator, archivePort, 'archive', 'search', '--limit', '1').status, 0)
    })

    await rack.step(t, 'the archive has on record which service asked, for whom and why', async () => {
      await archive.stop()
      assert.deepEqual(accessesIn(rack.path('state/archive.db')), [
        'scan by policy.contoso.example for operator.contoso.example: simulate',
        'scan by policy.contoso.example for operator.contoso.example: policy observed',
        'get by policy.contoso.example for operator.contoso.example: explain',
        'search by operator.contoso.example for nobody: ',
      ])
    })

    await rack.step(t, 'without the archive the answer says so, and everything else goes on', async () => {
      const run = policy('simulate', '-f', 'change.yaml')
      assert.match(run.stderr, /GH-REVISION-NO-ARCHIVE/)
      assert.equal(policy('explain', '--from', 'user1@fabrikam.example', '--to', 'alice@contoso.example').status, 0)
    })
  }),
)
