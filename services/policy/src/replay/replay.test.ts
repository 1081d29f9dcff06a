import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { create, fromBinary } from '@bufbuild/protobuf'
import { RecordEncoder } from '@gatehouse/archive-client'
import { createEmbeddedBus } from '@gatehouse/bus'
import { GatewayError } from '@gatehouse/errors'
import { parsePolicy } from '@gatehouse/policy-document'
import { compileSnapshot, type DecisionInput, DecisionState, decide } from '@gatehouse/policy-engine'
import {
  ApplyRequestSchema,
  ArchiveRecordSchema,
  ExplainArchivedRequestSchema,
  ExplainRequestSchema,
  ObservedRequestSchema,
  SimulateRequestSchema,
  type SimulationReport,
} from '@gatehouse/proto'
import type { RpcContext } from '@gatehouse/rpc'
import { silentLogger } from '@gatehouse/telemetry'
import { buildPolicyService, type PolicyService } from '../app.ts'
import type { LocalArchiveCalls } from './local-archive.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-replay-'))
const NOW_MS = 1_800_000_000_000

function object(kind: string, name: string, spec: string): string {
  return `apiVersion: gatehouse/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`
}

const FIRST =
  object('FederationSettings', 'default', '{enabled: true}') +
  object('InternalDomain', 'contoso', '{domain: contoso.example}') +
  object('Partner', 'fabrikam', '{domains: [fabrikam.example], edge: sip.fabrikam.example}') +
  object('Partner', 'northwind', '{domains: [northwind.example], edge: sip.northwind.example, verification: alwaysVerifiable}')

function messageFrom(user: string, domain: string, mark: DecisionInput['assertedMark']): DecisionInput {
  return {
    nowMs: NOW_MS,
    side: 'external',
    kind: 'message',
    method: 'MESSAGE',
    fromUser: user,
    fromDomain: domain,
    toUser: 'alice',
    toDomain: 'contoso.example',
    assertedDomains: [],
    peer: {
      isAuthenticated: true,
      refusal: undefined,
      names: { dns: [`sip.${domain}`], sipDomains: [], commonName: undefined },
      anchors: ['public'],
      mayBeTlsClient: true,
      fingerprint: 'ab'.repeat(32),
      spkiPin: '',
      issuer: '',
      serial: '',
      notAfterMs: NOW_MS + 1,
    },
    bound: undefined,
    assertedMark: mark,
    isInDialog: false,
    srv: () => undefined,
  }
}

/** What the gate would have archived under the first policy. */
function recorded(inputs: readonly DecisionInput[]): Uint8Array[] {
  const { objects } = parsePolicy([{ name: 'first', text: FIRST }], { nowMs: NOW_MS })
  const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects })
  const encoder = new RecordEncoder()
  const state = new DecisionState()
  return inputs.map((input, at) => {
    const decision = decide(snapshot, input, state)
    assert.ok('verdict' in decision)
    const envelope = {
      id: Buffer.alloc(16, at + 1),
      idempotencyKey: Buffer.alloc(32, at + 1),
      receivedAtUs: NOW_MS * 1000,
      kind: input.kind,
      method: input.method,
      fromAddress: `${input.fromUser}@${input.fromDomain}`,
      toAddress: `${input.toUser}@${input.toDomain}`,
      conversation: 'c',
      direction: decision.direction,
      replica: 'gate-0',
      peer: { peerClass: decision.peerClass, partner: decision.partner, fingerprint: input.peer.fingerprint, remote: '' },
      transaction: String(at),
      contentType: 'text/plain',
      body: Buffer.from('secret words'),
      bodyBytes: 12,
    }
    return encoder.entry(envelope, decision, { ...input, usedSrv: [], usedFacts: [] })
  })
}

describe('archived messages, judged again', () => {
  const records = recorded([
    messageFrom('carol', 'fabrikam.example', 'verified'),
    messageFrom('dave', 'fabrikam.example', undefined),
    messageFrom('nina', 'northwind.example', undefined),
  ])
  const archive: LocalArchiveCalls = {
    get: async ({ envelopeId }) => ({ record: { record: records[(envelopeId[0] ?? 0) - 1] ?? new Uint8Array(0) } }),
    scan: async function* () {
      yield { records, reachedSequence: 3n, firstSequence: 1n, lastSequence: 3n }
    },
  }
  const caller: RpcContext = { signal: new AbortController().signal, caller: 'local', remote: '' }
  let service: PolicyService
  before(async () => {
    const config = { databaseFile: join(folder, 'p.db'), heartbeatMs: 1000, access: [], localRole: 'admin' as const }
    service = buildPolicyService(config, { bus: createEmbeddedBus(), log: silentLogger, archive: () => archive, every: () => () => {} })
    await service.start()
    const applied = await apply(FIRST)
    assert.equal(applied.revision, 1n)
  })
  after(async () => {
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const apply = (text: string) =>
    service.admin.apply(create(ApplyRequestSchema, { files: [{ name: 'p.yaml', text }], reason: 'ticket 12' }), caller)
  const explain = (id: number) =>
    service.decision.explainArchived(create(ExplainArchivedRequestSchema, { envelopeId: Buffer.alloc(16, id) }), caller)
  const simulate = async (text: string, more: object = {}): Promise<SimulationReport> => {
    let report: unknown
    const request = create(SimulateRequestSchema, { files: [{ name: 'new.yaml', text }], ...more })
    for await (const step of service.decision.simulate(request, caller)) report = step.report ?? report
    assert.ok(report !== undefined)
    return report as SimulationReport
  }

  it('a refused message is explained with the reason of every rule, the object and its line, without its body', async () => {
    const answer = await explain(2)
    assert.equal(answer.replayed?.code, 'GH-POLICY-UNVERIFIED-MESSAGE')
    assert.equal(answer.recorded?.code, 'GH-POLICY-UNVERIFIED-MESSAGE')
    assert.ok(answer.replayed?.proof?.every((step) => step.detail !== '' || step.code === 'not-applicable'))
    assert.equal(answer.envelope?.body?.length, 0)
    assert.equal(answer.revision?.reason, 'ticket 12')
    assert.deepEqual([answer.deciding?.object, answer.deciding?.line], ['FederationSettings/default', 1])
    assert.ok(answer.inputs?.some(({ name, value }) => name === 'certificate' && value === 'sip.fabrikam.example'))
  })

  it('the line of the deciding object is its line in the export of that revision', async () => {
    const { deciding } = await explain(3)
    assert.equal(deciding?.object, 'Partner/northwind')
    const { text } = await service.admin.export({ $typeName: 'gatehouse.v1.PolicyAdminServiceExportRequest', revision: 1n }, caller)
    assert.ok(
      text
        ?.split('\n')
        .slice((deciding?.line ?? 0) - 1)
        .join('\n')
        .startsWith(deciding?.text ?? 'nothing'),
    )
  })

  it('says where the object was written in the document that was applied, for messages that need not exist too', async () => {
    const { deciding } = await explain(3)
    const { appliedFile, appliedLine, appliedRevision } = deciding ?? {}
    assert.deepEqual(
      [appliedFile, appliedLine, appliedRevision],
      ['p.yaml', FIRST.split('\n').findIndex((line) => /northwind/.test(line)) - 1, 1n],
    )
    const question = {
      fromAddress: 'carol@fabrikam.example',
      toAddress: 'alice@contoso.example',
      method: 'MESSAGE',
      assertedMark: 'verified',
    }
    const asked = await service.decision.explain(create(ExplainRequestSchema, { question }))
    const { object: key, appliedLine: line } = asked.deciding ?? {}
    assert.deepEqual([key, line], ['Partner/fabrikam', FIRST.split('\n').findIndex((text) => /fabrikam/.test(text)) - 1])
  })

  const CHANGE =
    object('BlockEntry', 'carol', '{address: carol@fabrikam.example, owner: security, reason: incident 12}') +
    object('UserRights', 'alice', '{user: alice@contoso.example, contacts: [dave@fabrikam.example]}')

  it('a simulation tells whom a change would block and let through, and changes nothing', async () => {
    const report = await simulate(CHANGE)
    assert.deepEqual([report.judged, report.newlyBlocked, report.newlyAllowed, report.revision], [3n, 1n, 1n, 1n])
    assert.deepEqual(
      report.partners.map(({ key, newlyBlocked, newlyAllowed }) => [key, newlyBlocked, newlyAllowed]),
      [['fabrikam', 1n, 1n]],
    )
    assert.deepEqual(
      report.examples.map(({ fromAddress, beforeCode, afterCode, afterSource }) => [fromAddress, beforeCode, afterCode, afterSource]),
      [
        ['carol@fabrikam.example', 'GH-POLICY-ALLOWED', 'GH-POLICY-BLOCKED', 'BlockEntry/carol'],
        ['dave@fabrikam.example', 'GH-POLICY-UNVERIFIED-MESSAGE', 'GH-POLICY-ALLOWED', 'Partner/fabrikam'],
      ],
    )
    assert.equal((await simulate(CHANGE, { partner: 'northwind' })).judged, 1n)
    assert.equal((await explain(1)).present?.revision, 1n)
  })

  it('a document with a mistake is not simulated', async () => {
    const problems = []
    const request = create(SimulateRequestSchema, { files: [{ name: 'new.yaml', text: CHANGE.replace('owner', 'ovner') }] })
    for await (const step of service.decision.simulate(request, caller)) problems.push(...(step.problems ?? []))
    assert.ok(problems.some(({ severity }) => severity === 'error'))
  })

  it('once the change is in force, the same messages are judged as simulated, and explain says so', async () => {
    assert.equal((await apply(CHANGE)).revision, 2n)
    assert.deepEqual([(await explain(1)).present?.code, (await explain(1)).recorded?.code], ['GH-POLICY-BLOCKED', 'GH-POLICY-ALLOWED'])
    assert.deepEqual([(await explain(2)).present?.verdict, (await explain(2)).recorded?.verdict], ['allow', 'deny'])
    const report = await simulate(CHANGE)
    assert.deepEqual([report.newlyBlocked, report.newlyAllowed, report.differsFromRecord], [0n, 0n, 2n])
  })

  it('a hypothetical message is judged by its text where it has one', async () => {
    await apply(object('ContentFilter', 'links', '{links: {action: block}}'))
    const question = { fromAddress: 'nina@northwind.example', toAddress: 'alice@contoso.example' }
    const verdictOf = async (body: string) =>
      (await service.decision.explain(create(ExplainRequestSchema, { question: { ...question, body } }))).decision?.code
    assert.equal(await verdictOf('see you at noon'), 'GH-POLICY-ALLOWED')
    assert.equal(await verdictOf('see http://evil.example/x.exe'), 'GH-POLICY-CONTENT-EXTENSION')
  })

  it('who has no role gets nothing, and where no archive is reachable the answer says so', async () => {
    const stranger = { ...caller, caller: 'woodgrove' }
    const request = create(SimulateRequestSchema, { files: [{ name: 'n', text: CHANGE }] })
    const has = (code: string) => (thrown: unknown) => thrown instanceof GatewayError && thrown.code === code
    await assert.rejects(async () => {
      for await (const _ of service.decision.simulate(request, stranger)) assert.fail('an answer')
    }, has('GH-ACCESS-UNKNOWN'))
    const config = { databaseFile: join(folder, 'q.db'), heartbeatMs: 1000, access: [], localRole: 'admin' as const }
    const alone = buildPolicyService(config, { bus: createEmbeddedBus(), log: silentLogger, every: () => () => {} })
    await alone.start()
    await assert.rejects(alone.decision.observed(create(ObservedRequestSchema), caller), has('GH-REVISION-NO-ARCHIVE'))
    await alone.stop()
  })

  it('the receipts of the test are what the schema says', () => {
    for (const record of records) {
      const { content } = fromBinary(ArchiveRecordSchema, record)
      assert.ok(content.case === 'entry' && content.value.receipt?.peer?.dnsNames.length === 1)
    }
  })
})
