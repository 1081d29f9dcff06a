// Started by store-suite.ts: applies one policy after the other, each in the thread for large ones, and says each revision, until somebody kills it.
import { writeSync } from 'node:fs'
import { create } from '@bufbuild/protobuf'
import { createEmbeddedBus } from '@gatehouse/bus'
import { ApplyRequestSchema } from '@gatehouse/proto'
import { silentLogger } from '@gatehouse/telemetry'
import { buildPolicyService } from '../app.ts'
import type { PolicyConfig } from '../config.ts'
import { blockText } from './store-suite.ts'

const place = JSON.parse(process.argv[2] ?? '') as Pick<PolicyConfig, 'databaseFile' | 'postgres' | 'signingKeyFile'>
const config: PolicyConfig = { ...place, heartbeatMs: 60_000, access: [], localRole: 'admin' }
const service = buildPolicyService(config, { bus: createEmbeddedBus(), log: silentLogger })
await service.start()
const context = { signal: new AbortController().signal, caller: 'local', remote: '' }
const { revision } = await service.admin.status({ $typeName: 'gatehouse.v1.PolicyAdminServiceStatusRequest' }, context)
for (let next = Number(revision) + 1; ; next++) {
  const request = create(ApplyRequestSchema, { files: [{ name: 'p', text: blockText(1_500, String(next)) }], prune: true })
  const { applied } = await service.admin.apply(request, context)
  if (applied) writeSync(1, `${next}\n`)
}
