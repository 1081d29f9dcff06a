import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { checkpointLine, signCheckpoint } from '../chain/checkpoint.ts'
import { CheckpointCourier } from './checkpoint-courier.ts'
import { CheckpointStore, type CheckpointStoreOptions } from './checkpoint-store.ts'
import { signRequest } from './sign-request.ts'

/** A small fake of S3, not S3: it keeps objects in memory and checks digests and that a signature stands there, not whether it is right. */
class FakeS3 {
  readonly objects = new Map<string, { readonly body: string; readonly headers: IncomingHttpHeaders }>()
  readonly server: Server
  hasLock = true
  failsPuts = false

  constructor() {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks)
        const hash = createHash('sha256').update(body).digest('hex')
        const isSigned = /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-1\/s3\/aws4_request, SignedHeaders=.*host.*, Signature=[0-9a-f]{64}$/
        if (!isSigned.test(request.headers.authorization ?? '') || request.headers['x-amz-content-sha256'] !== hash) {
          response.writeHead(403).end()
        } else if (request.url === '/evidence?object-lock=') {
          const state = this.hasLock ? '<ObjectLockEnabled>Enabled</ObjectLockEnabled>' : ''
          response.writeHead(200).end(`<ObjectLockConfiguration>${state}</ObjectLockConfiguration>`)
        } else if (request.method === 'PUT') {
          if (!this.failsPuts) this.objects.set(request.url ?? '', { body: body.toString(), headers: request.headers })
          response.writeHead(this.failsPuts ? 503 : 200).end()
        } else response.writeHead(this.objects.has(request.url ?? '') ? 200 : 404).end()
      })
    })
  }
}

const fake = new FakeS3()
let options: CheckpointStoreOptions
before(async () => {
  await new Promise<void>((resolve) => fake.server.listen(0, '127.0.0.1', resolve))
  options = {
    endpoint: `http://127.0.0.1:${(fake.server.address() as AddressInfo).port}`,
    region: 'eu-1',
    bucket: 'evidence',
    prefix: 'gatehouse/',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    retentionDays: 10,
    retentionMode: 'COMPLIANCE',
    timeoutMs: 1000,
  }
})
after(() => {
  fake.server.closeAllConnections()
  fake.server.close()
})

const { privateKey } = generateKeyPairSync('ed25519')
const checkpoints = [3, 7, 9].map((sequence) => signCheckpoint(sequence, new Uint8Array(32), 1, privateKey, 'k'))
const read = (behind: number) => checkpoints.filter(({ sequence }) => sequence > behind)
const nowMs = (): number => Date.UTC(2026, 0, 1)

test('signatures are those of the example in the documentation of Signature Version 4 (GET object)', () => {
  const request = {
    method: 'GET',
    url: new URL('https://examplebucket.s3.amazonaws.com/test.txt'),
    headers: { range: 'bytes=0-9' },
    body: new Uint8Array(),
  }
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: ['wJalrXUtnFEMI/K7MDENG', 'bPxRfiCYEXAMPLEKEY'].join('/') }
  const { authorization } = signRequest(request, 'us-east-1', credentials, Date.UTC(2013, 4, 24))
  assert.match(authorization ?? '', /Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41$/)
})

test('checkpoints are put once, in order, with digest and retention', async () => {
  const store = new CheckpointStore(options, { fetch, nowMs })
  await store.check()
  const courier = new CheckpointCourier(store, read)
  await courier.run()
  assert.equal(courier.trouble, '')
  assert.deepEqual(
    [...fake.objects.keys()],
    ['3', '7', '9'].map((sequence) => `/evidence/gatehouse/${sequence.padStart(16, '0')}.json`),
  )
  const { body, headers } = [...fake.objects.values()][1]!
  assert.equal(body, `${checkpointLine(checkpoints[1]!)}\n`)
  assert.deepEqual(
    [headers['x-amz-object-lock-mode'], headers['x-amz-object-lock-retain-until-date'], headers['content-md5']],
    ['COMPLIANCE', '2026-01-11T00:00:00.000Z', createHash('md5').update(body).digest('base64')],
  )
})

test('a courier that starts later puts only what is missing, and says so while it cannot', async () => {
  const store = new CheckpointStore(options, { fetch, nowMs })
  const [first] = fake.objects.keys()
  for (const key of [...fake.objects.keys()].slice(1)) fake.objects.delete(key)
  const kept = fake.objects.get(first!)
  fake.failsPuts = true
  const courier = new CheckpointCourier(store, read)
  await courier.run()
  assert.match(courier.trouble, /503/)
  fake.failsPuts = false
  await courier.run()
  assert.equal(courier.trouble, '')
  assert.equal(fake.objects.size, 3)
  assert.equal(fake.objects.get(first!), kept, 'not put again')
})

test('a bucket without object lock, with other keys or not reachable is refused', async () => {
  fake.hasLock = false
  const refused = { code: 'GH-ARCHIVE-CHECKPOINT-STORE' }
  await assert.rejects(new CheckpointStore(options, { fetch, nowMs }).check(), refused)
  fake.hasLock = true
  const wrong = { ...options, credentials: { accessKeyId: 'OTHER', secretAccessKey: 'x' } }
  await assert.rejects(new CheckpointStore(wrong, { fetch, nowMs }).check(), refused)
  await assert.rejects(new CheckpointStore({ ...options, endpoint: 'http://127.0.0.1:1' }, { fetch, nowMs }).check(), refused)
})
