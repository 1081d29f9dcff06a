import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { busSubjects, createEmbeddedBus } from '@gatehouse/bus'
import { buildPolicyService, type PolicyService } from '@gatehouse/policy'
import { ApplyRequestSchema, FactsService, NoteFactsRequestSchema } from '@gatehouse/proto'
import { createRpcServer, type RpcServer } from '@gatehouse/rpc'
import { silentLogger } from '@gatehouse/telemetry'
import { runForTest } from '../cli/run-for-test.ts'
import { commands } from '../commands.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-users-'))
const socket = `unix:${join(folder, 'control.sock')}`
const bus = createEmbeddedBus()
let service: PolicyService
let server: RpcServer

const POLICY = ['{lookUp: true, firstContact: hold}']
  .map((spec) => `apiVersion: gatehouse/v1\nkind: UserSettings\nmetadata: {name: default}\nspec: ${spec}\n`)
  .join('')

async function run(...args: string[]): Promise<{ code: number; out: string; err: string; json: () => Record<string, unknown> }> {
  const answer = await runForTest(commands, args, { cwd: folder, env: { GATEHOUSE_CONNECT: socket } })
  return { ...answer, json: () => JSON.parse(answer.out) as Record<string, unknown> }
}

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return name
}

describe('users, quarantine and directory', () => {
  before(async () => {
    service = buildPolicyService(
      { databaseFile: join(folder, 'policy.db'), heartbeatMs: 60_000, access: [], localRole: 'admin' },
      { bus, log: silentLogger, every: () => () => {} },
    )
    await service.start()
    const context = { signal: new AbortController().signal, caller: 'local', remote: '' }
    await service.admin.apply(create(ApplyRequestSchema, { files: [{ name: 'p.yaml', text: POLICY }] }), context)
    server = createRpcServer({ listen: socket, log: silentLogger, isServing: () => true })
    server.add(FactsService, service.facts)
    await server.start()
  })
  after(async () => {
    await server.stop(0)
    await service.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('a file with mistakes is told line by line, and nothing of it is imported', async () => {
    const name = file(
      'wrong.csv',
      'user,federation,start\nbob@contoso.example,maybe,both\nno address,yes,both\ncarol@contoso.example,yes\neve@contoso.example,no,never\n',
    )
    const { code, json } = await run('users', 'import', name, '--json')
    assert.equal(code, 4)
    const { imported, users, wrong, problems } = json() as {
      imported: boolean
      users: number
      wrong: number
      problems: { entry: number; problem: string }[]
    }
    assert.deepEqual([imported, users, wrong], [false, 4, 4])
    assert.match(problems[0]?.problem ?? '', /federation: 'maybe' is neither yes nor no/)
    assert.equal((await run('users', 'show', 'bob@contoso.example')).code, 1)
  })

  it('a wrong column is told with the right one', async () => {
    const { code, err } = await run('users', 'import', file('column.csv', 'user,federaton\n'))
    assert.notEqual(code, 0)
    assert.match(err, /did you mean 'federation'/)
  })

  it('CSV and YAML come in; show says what came out', async () => {
    const csv = file(
      'staff.csv',
      'user,federation,groups,contacts,allowedDomains\nbob@contoso.example,no,traders;floor,alice@fabrikam.example,-\n',
    )
    assert.deepEqual((await run('users', 'import', csv, '--dry-run', '--json')).json()['imported'], false)
    assert.equal((await run('users', 'import', csv)).out, '1 users imported, 0 removed\n')
    const yaml = file('staff.yaml', 'users:\n  - user: carol@contoso.example\n    publicIm: true\n    safeList: [fabrikam.example]\n')
    assert.deepEqual((await run('users', 'import', yaml, '--json')).json()['written'], '1')
    const shown = await run('users', 'show', 'bob@contoso.example')
    assert.equal(shown.code, 0)
    assert.match(shown.out, /federation +no +import/)
    assert.match(shown.out, /allowed domains +none +import/)
    assert.match(shown.out, /alice@fabrikam\.example +imported/)
    const carol = (await run('users', 'show', 'carol@contoso.example', '--json')).json()
    assert.deepEqual([carol['known'], carol['safeList'], carol['lookedUp']], [true, ['fabrikam.example'], true])
  })

  it('a first contact is listed and released', async () => {
    const held = { user: 'bob@contoso.example', contact: 'eve@fabrikam.example', partner: 'fabrikam', atMs: 1_800_000_000_000n }
    await new Promise((resolve) => {
      bus.request(
        busSubjects.factsNote.name,
        toBinary(NoteFactsRequestSchema, create(NoteFactsRequestSchema, { held: [held] })),
        1000,
        resolve,
      )
    })
    const listed = await run('quarantine', 'list')
    assert.match(listed.out, /1 +eve@fabrikam\.example +bob@contoso\.example +fabrikam +1/)
    const entries = (await run('quarantine', 'list', '--json')).json()['entries'] as { id: string }[]
    const released = await run('quarantine', 'release', entries[0]?.id ?? '', '--json')
    assert.equal(released.code, 0)
    assert.equal((await run('quarantine', 'release', '99')).code, 1)
    assert.equal((await run('quarantine', 'release', 'x')).code, 2)
    assert.match((await run('users', 'show', 'bob@contoso.example')).out, /eve@fabrikam\.example +accepted/)
  })

  it('says that there is no directory', async () => {
    const status = await run('directory', 'status', '--json')
    assert.deepEqual([status.code, status.json()['configured'], status.json()['storedUsers']], [0, false, '2'])
    assert.match((await run('directory', 'sync')).err, /GH-DIRECTORY-OFF/)
  })
})
