import { join } from 'node:path'
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { createEmbeddedBus } from '@gatehouse/bus'
import { buildPolicyService } from '@gatehouse/policy'
import { FactsCache, readPublicKey, SnapshotFollower } from '@gatehouse/policy-follow'
import {
  ApplyRequestSchema,
  FactsService,
  ImportedUserSchema,
  ImportUsersRequestSchema,
  PolicyAdminService,
  PolicyDecisionService,
} from '@gatehouse/proto'
import { NOW_MS, OUTSIDE, type Written } from '@gatehouse/receipt/test'
import { connectRpc, createRpcServer, type RpcClient } from '@gatehouse/rpc'
import { silentLogger } from '@gatehouse/telemetry'
import type { PeerRack } from '../peers-kit/peer-rack.ts'

/** The policy service behind its socket, and what its replicas have: a follower and a cache of facts on the same bus. */
export interface PolicySite {
  readonly follower: SnapshotFollower
  readonly facts: FactsCache
  readonly decisions: RpcClient<typeof PolicyDecisionService>
  /** Resolves when the follower has it. */
  putInForce(objects: readonly Written[]): Promise<void>
}

export async function startPolicySite(rack: PeerRack): Promise<PolicySite> {
  const bus = createEmbeddedBus()
  const config = { databaseFile: rack.path('policy.db'), heartbeatMs: 60_000, access: [], localRole: 'admin' as const }
  const nowMs = (): number => NOW_MS
  const service = rack.add(buildPolicyService(config, { bus, log: silentLogger, nowMs, every: () => () => {} }))
  await service.start()
  const server = rack.add(createRpcServer({ listen: `unix:${join(rack.folder, 'p.sock')}`, log: silentLogger }))
  server.add(PolicyAdminService, service.admin).add(PolicyDecisionService, service.decision).add(FactsService, service.facts)
  const connection = connectRpc(await server.start())
  rack.onStop(() => connection.close())
  const waiting: { readonly revision: number; readonly done: () => void }[] = []
  const follower = rack.add(
    new SnapshotFollower({
      bus,
      publicKeys: [readPublicKey(service.publicKeyPem())],
      service: 'test',
      replica: 'r0',
      log: silentLogger,
      nowMs,
      maxStalenessMs: 0,
      onSnapshot: ({ revision }) => {
        for (const { revision: wanted, done } of waiting) if (revision >= wanted) done()
      },
    }),
  )
  await follower.start()
  const facts = rack.add(new FactsCache({ bus, nowMs, defer: (run) => void setImmediate(run) }))
  await facts.start()
  const admin = connection.client(PolicyAdminService)
  await connection.client(FactsService).importUsers(usersOfContoso())
  return {
    follower,
    facts,
    decisions: connection.client(PolicyDecisionService),
    putInForce: async (objects) => {
      const text = objects
        .map(({ kind, name, spec }) => JSON.stringify({ apiVersion: 'gatehouse/v1', kind, metadata: { name }, spec }))
        .join('\n---\n')
      const applied = await admin.apply(create(ApplyRequestSchema, { files: [{ name: 'policy.yaml', text }], prune: true }))
      if (applied.problems.some(({ severity }) => severity === 'error')) throw new Error(JSON.stringify(applied.problems))
      const revision = Number(applied.revision)
      if ((follower.current(NOW_MS)?.revision ?? 0) < revision) await new Promise<void>((done) => waiting.push({ revision, done }))
      waiting.length = 0
    },
  }
}

/** Three of the four people there are; each knows somebody outside. */
function usersOfContoso() {
  const user = (name: string, at: number, more: MessageInitShape<typeof ImportedUserSchema>) =>
    create(ImportedUserSchema, { user: `${name}@contoso.example`, contacts: [`carol@${OUTSIDE[at]}`], ...more })
  return create(ImportUsersRequestSchema, {
    importId: 'agreement',
    last: true,
    users: [
      user('alice', 0, { groups: ['traders'], safeList: [OUTSIDE[2]] }),
      user('bob', 1, { rights: { start: 'inside' } }),
      user('eve', 2, { rights: { federation: false }, groups: ['traders'] }),
    ],
  })
}
