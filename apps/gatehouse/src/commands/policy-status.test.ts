import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { PolicyAdminService, PolicyAdminServiceStatusResponseSchema } from '@gatehouse/proto'
import { createRpcServer, type RpcHandlers } from '@gatehouse/rpc'
import { silentLogger } from '@gatehouse/telemetry'
import { runForTest } from '../cli/run-for-test.ts'
import { commands } from '../commands.ts'

it('policy status tells a replica that is behind from one that does not answer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-status-'))
  const control = `unix:${join(folder, 'c.sock')}`
  const status = create(PolicyAdminServiceStatusResponseSchema, {
    revision: 7n,
    replicas: [
      { service: 'federation-peer', replica: 'edge-0', revision: 7n },
      { service: 'federation-peer', replica: 'edge-1', revision: 7n, silentUs: 240_000_000n },
      { service: 'federation-peer', replica: 'edge-2', revision: 6n, silentUs: 0n },
      { service: 'public-im-bridge', replica: 'bridge-0', revision: 6n, silentUs: 95_000_000n },
    ],
  })
  const server = createRpcServer({ listen: control, log: silentLogger, isServing: () => true })
  server.add(PolicyAdminService, { status: async () => status } as unknown as RpcHandlers<typeof PolicyAdminService>)
  await server.start()
  try {
    const { code, out } = await runForTest(commands, ['policy', 'status', '--connect', control], { cwd: folder })
    assert.equal(code, 1, out)
    assert.match(out, /revision 7 in force on 2 of 4 replicas/)
    for (const line of [
      /edge-0 +7 +in force +\d/,
      /edge-1 +7 +in force, silent 4m /,
      /edge-2 +6 +behind +\d/,
      /bridge-0 +6 +behind, silent 95s /,
    ]) {
      assert.match(out, line)
    }
  } finally {
    await server.stop(0)
    rmSync(folder, { recursive: true })
  }
})
