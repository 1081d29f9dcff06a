import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { createEmbeddedBus } from '@gatehouse/bus'
import { GatewayError } from '@gatehouse/errors'
import {
  ApplyRequestSchema,
  type ApplyResponse,
  CheckRequestSchema,
  DiffRequestSchema,
  type PolicyDecisionService,
  RollbackRequestSchema,
} from '@gatehouse/proto'
import type { RpcContext, RpcHandlers } from '@gatehouse/rpc'
import { silentLogger } from '@gatehouse/telemetry'
import { buildPolicyService, type PolicyService } from '../app.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-access-'))
const access = [
  { caller: 'admin.contoso.example', role: 'admin' as const },
  { caller: 'operator.contoso.example', role: 'operator' as const },
  { caller: 'security.contoso.example', role: 'block-only' as const },
  { caller: 'audit.contoso.example', role: 'auditor' as const },
]

function object(kind: string, name: string, spec: string): string {
  return `apiVersion: gatehouse/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n---\n`
}

const SWITCH = object('FederationSettings', 'default', '{enabled: true}')
const PARTNER = object('Partner', 'fabrikam', '{domains: [fabrikam.example], edge: sip.fabrikam.example}')
const BLOCK = object('BlockEntry', 'evil', '{domain: evil.example, owner: security, reason: incident 12}')

function refusedWith(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof GatewayError && thrown.code === code
}

describe('roles', () => {
  let service: PolicyService
  before(async () => {
    const config = { databaseFile: join(folder, 'p.db'), heartbeatMs: 1000, access, localRole: 'operator' as const }
    service = buildPolicyService(config, { bus: createEmbeddedBus(), log: silentLogger, every: () => () => {} })
    await service.start()
  })
  after(async () => {
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const as = (caller: string): RpcContext => ({
    signal: new AbortController().signal,
    caller: caller === 'local' || caller === 'unnamed' ? caller : `${caller}.contoso.example`,
    remote: '',
  })
  const apply = (caller: string, text: string, more: object = {}): Promise<ApplyResponse> =>
    service.admin.apply(create(ApplyRequestSchema, { files: text === '' ? [] : [{ name: 'p.yaml', text }], ...more }), as(caller))

  it('admin changes everything, operator and the socket’s owner as configured not the switches', async () => {
    assert.equal((await apply('admin', SWITCH)).applied, true)
    for (const caller of ['operator', 'local']) {
      await assert.rejects(apply(caller, SWITCH.replace('true', 'false')), refusedWith('GH-ACCESS-ROLE'))
      await assert.rejects(apply(caller, '', { preset: 'open' }), refusedWith('GH-ACCESS-ROLE'))
      await assert.rejects(apply(caller, PARTNER, { prune: true }), refusedWith('GH-ACCESS-ROLE'))
    }
    assert.equal((await apply('operator', PARTNER)).revision, 2n)
  })

  it('block-only adds and removes block entries and nothing else, however it is asked', async () => {
    const blocked = await apply('security', BLOCK)
    assert.deepEqual(
      blocked.changes.map(({ action, object: key }) => `${action} ${key}`),
      ['added BlockEntry/evil'],
    )
    await assert.rejects(apply('security', PARTNER.replace('sip.fabrikam', 'sip.evil')), refusedWith('GH-ACCESS-ROLE'))
    await assert.rejects(
      apply('security', BLOCK.replace('incident 12', 'x') + SWITCH.replace('true', 'false')),
      refusedWith('GH-ACCESS-ROLE'),
    )
    await assert.rejects(apply('security', '', { remove: ['Partner/fabrikam'] }), refusedWith('GH-ACCESS-ROLE'))
    await assert.rejects(apply('security', PARTNER.replace('sip.fabrikam', 'sip.evil'), { dryRun: true }), refusedWith('GH-ACCESS-ROLE'))
    const back = create(RollbackRequestSchema, { toRevision: 1n })
    await assert.rejects(service.admin.rollback(back, as('security')), refusedWith('GH-ACCESS-ROLE'))
    const unblocked = await apply('security', '', { unblock: ['EVIL.example'] })
    assert.deepEqual(
      unblocked.changes.map(({ action, object: key }) => `${action} ${key}`),
      ['removed BlockEntry/evil'],
    )
    // what only takes a block entry back is within the role
    const again = await service.admin.rollback(create(RollbackRequestSchema, { toRevision: 3n }), as('security'))
    assert.equal(again.outcome?.applied, true)
  })

  it('auditor reads, also what a change would do', async () => {
    await assert.rejects(apply('audit', BLOCK), refusedWith('GH-ACCESS-ROLE'))
    await assert.rejects(
      service.admin.rollback(create(RollbackRequestSchema, { toRevision: 1n }), as('audit')),
      refusedWith('GH-ACCESS-ROLE'),
    )
    assert.equal((await apply('audit', SWITCH.replace('true', 'false'), { dryRun: true })).changes.length, 1)
    assert.ok((await service.admin.diff(create(DiffRequestSchema, { fromRevision: 1n }), as('audit'))).changeCount > 0)
  })

  it('who is not listed gets nothing at all', async () => {
    for (const caller of ['woodgrove', 'unnamed']) {
      await assert.rejects(apply(caller, BLOCK), refusedWith('GH-ACCESS-UNKNOWN'))
      await assert.rejects(apply(caller, BLOCK, { dryRun: true }), refusedWith('GH-ACCESS-UNKNOWN'))
      await assert.rejects(service.admin.diff(create(DiffRequestSchema), as(caller)), refusedWith('GH-ACCESS-UNKNOWN'))
      const decision: RpcHandlers<typeof PolicyDecisionService> = service.decision
      await assert.rejects(async () => decision.check(create(CheckRequestSchema), as(caller)), refusedWith('GH-ACCESS-UNKNOWN'))
    }
  })
})
