import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { errorsOf } from '@gatehouse/errors'
import { PeeringService } from '@gatehouse/proto'
import type { TraceContext } from '@gatehouse/telemetry'
import { CollectedSpans, spanTree } from '@gatehouse/telemetry/test'
import { Metadata } from '@grpc/grpc-js'
import { callerTrace } from './call-trace.ts'
import { connectRpc } from './client.ts'
import { createRpcServer } from './server.ts'
import type { RpcHandlers } from './service-types.ts'

const failed = errorsOf({ 'GH-TEST-REFUSED': { summary: 'No.', remedy: '', retry: 'never' } })

describe('a call within a trace', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gh-rpc-trace-'))
  after(() => rmSync(folder, { recursive: true }))

  it('is a stage of it at both ends, and an error where it fails; other calls are none', async () => {
    const collected = new CollectedSpans()
    const seen: (TraceContext | undefined)[] = []
    const peering: Partial<RpcHandlers<typeof PeeringService>> = {
      listPeers: async (_request, { trace }) => {
        seen.push(trace)
        return { peers: [] }
      },
      disconnect: async () => {
        throw failed('GH-TEST-REFUSED')
      },
    }
    const log = { debug: () => {}, error: () => {} }
    const listen = `unix:${join(folder, 'rpc.sock')}`
    const server = createRpcServer({ listen, log, tracer: collected.tracer('there') })
    server.add(PeeringService, peering as RpcHandlers<typeof PeeringService>)
    const connection = connectRpc(await server.start())
    const client = connection.client(PeeringService)
    const message = collected.tracer('here').begin('MESSAGE external', 'server')!
    await client.listPeers({})
    await client.listPeers({}, { span: message })
    await assert.rejects(client.disconnect({ partner: 'x' }, { span: message }), { code: 'GH-TEST-REFUSED' })
    message.end()
    const spans = await collected.all()
    assert.deepEqual(
      spanTree(spans, { isTimeless: true, facts: ['error.type'] })
        .split('\n')
        .map((line) => line.replaceAll(/ {2,}/g, ' ').trim()),
      [
        'MESSAGE external here',
        '├─ gatehouse.v1.PeeringService/ListPeers here',
        '│ └─ gatehouse.v1.PeeringService/ListPeers there',
        '└─ gatehouse.v1.PeeringService/Disconnect here ERROR error.type=GH-TEST-REFUSED',
        '└─ gatehouse.v1.PeeringService/Disconnect there ERROR error.type=GH-TEST-REFUSED',
      ],
    )
    const served = spans.find(({ name, service }) => name.endsWith('ListPeers') && service === 'there')
    assert.deepEqual(seen, [undefined, { traceId: served?.traceId, spanId: served?.spanId, isSampled: true }])
    connection.close()
    await server.stop()
  })

  it('takes no metadata that is none', () => {
    const metadata = (value: string): Metadata => {
      const made = new Metadata()
      made.set('traceparent', value)
      return made
    }
    assert.equal(callerTrace(new Metadata()), undefined)
    for (const value of ['x', '00-0-0-01', 'f'.repeat(10_000)]) assert.equal(callerTrace(metadata(value)), undefined)
    assert.equal(callerTrace(metadata('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'))?.isSampled, true)
  })
})
