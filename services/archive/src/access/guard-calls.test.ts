import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { ArchiveService, GetRequestSchema, ScanRequestSchema } from '@gatehouse/proto'
import type { RpcContext } from '@gatehouse/rpc'
import { archiveRoleNames, mayCall } from './archive-roles.ts'
import { type ArchiveCalls, guardCalls } from './guard-calls.ts'

const asked: string[] = []
/** Notes which calls came through. */
const calls = Object.fromEntries(
  Object.entries(ArchiveService.method).map(([name, { methodKind }]) => [
    name,
    methodKind === 'server_streaming'
      ? async function* () {
          asked.push(name)
          yield {}
        }
      : async () => {
          asked.push(name)
          return {}
        },
  ]),
) as unknown as ArchiveCalls
const as = (caller: string): RpcContext => ({ caller, remote: '', signal: new AbortController().signal })
const guarded = guardCalls(calls, [{ caller: 'policy.contoso.example', role: 'replay' }])

test('a role opens its own calls, unary and streamed, and no other', async () => {
  asked.length = 0
  await guarded.get(create(GetRequestSchema), as('policy.contoso.example'))
  for await (const _ of guarded.scan(create(ScanRequestSchema), as('policy.contoso.example')));
  assert.deepEqual(asked, ['get', 'scan'])
  for (const name of ['erase', 'addHold', 'prove'] as const) {
    const call = guarded[name] as (request: object, context: RpcContext) => Promise<object>
    await assert.rejects(call({}, as('policy.contoso.example')), { code: 'GH-ARCHIVE-ROLE' })
  }
  await assert.rejects(
    async () => {
      for await (const _ of guarded.scan(create(ScanRequestSchema), as('stranger')));
    },
    { code: 'GH-ARCHIVE-ROLE' },
  )
  assert.deepEqual(asked, ['get', 'scan'], 'what was refused was never asked')
})

test('the owner of the socket does everything, and who is not listed nothing, not even with an empty list', async () => {
  asked.length = 0
  await guarded.get(create(GetRequestSchema), as('local'))
  const closed = guardCalls(calls, [])
  await closed.get(create(GetRequestSchema), as('local'))
  await assert.rejects(async () => closed.get(create(GetRequestSchema), as('anybody')), { code: 'GH-ARCHIVE-ROLE', refusesCaller: true })
  assert.deepEqual(asked, ['get', 'get'])
})

test('only an admin changes anything', () => {
  for (const role of archiveRoleNames) {
    for (const call of ['erase', 'addHold', 'releaseHold']) assert.equal(mayCall(role, call), role === 'admin', `${role} ${call}`)
  }
})
