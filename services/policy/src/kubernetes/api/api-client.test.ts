import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { GatewayError } from '@gatehouse/errors'
import { Authority } from '@gatehouse/lab'
import { ApiClient } from './api-client.ts'
import { CredentialReader } from './credentials.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-kube-'))
const [tokenFile, caFile] = [join(folder, 'token'), join(folder, 'ca.crt')]
const authority = Authority.create({ name: 'Cluster CA' })
const issued = authority.issue({ commonName: 'localhost', dns: ['localhost'] })
const signal = new AbortController().signal

function rejectsWith(code: string): (thrown: unknown) => boolean {
  return (thrown) => thrown instanceof GatewayError && thrown.code === code
}

describe('an API server over HTTPS', () => {
  let answer: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  const server = createServer({ cert: issued.chainPem, key: issued.keyPem }, (request, response) => answer(request, response))
  let url = ''
  let nowMs = 0
  let client: ApiClient
  before(async () => {
    writeFileSync(tokenFile, 'first\n')
    writeFileSync(caFile, authority.certPem)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const bound = server.address()
    url = `https://localhost:${typeof bound === 'object' ? bound?.port : ''}`
    client = new ApiClient(url, new CredentialReader({ tokenFile, caFile }, () => nowMs))
  })
  after(async () => {
    client.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  })

  const get = (maxBytes = 1_000): ReturnType<ApiClient['call']> => client.call({ method: 'GET', path: '/x?limit=1', signal, maxBytes })

  it('is asked with the token of the file, which is read again after a while, and at once when it was refused', async () => {
    const tokens: (string | undefined)[] = []
    answer = ({ headers }, response) => {
      tokens.push(headers.authorization)
      response.writeHead(tokens.length === 3 ? 401 : 200).end('{}')
    }
    await get()
    writeFileSync(tokenFile, 'second')
    await get()
    nowMs += 60_000
    await get()
    writeFileSync(tokenFile, 'third')
    await get()
    assert.deepEqual(tokens, ['Bearer first', 'Bearer first', 'Bearer second', 'Bearer third'])
  })

  it('answers with any status; what is longer than asked for is not read', async () => {
    answer = (_, response) => response.writeHead(404).end('{"message":"no"}')
    assert.deepEqual(await get(), { status: 404, body: { message: 'no' }, sizeBytes: 16 })
    answer = (_, response) => response.end(JSON.stringify('x'.repeat(5_000)))
    assert.deepEqual(await get(), { status: 200, body: undefined, sizeBytes: 0 })
    answer = (_, response) => response.end('<html>')
    await assert.rejects(get(), rejectsWith('GH-KUBERNETES-ANSWER'))
  })

  it('is sent merge patches', async () => {
    let seen = ''
    answer = (request, response) => {
      request.on('data', (piece: Buffer) => {
        seen += `${request.headers['content-type']} ${piece.toString()}`
      })
      request.on('end', () => response.end('{}'))
    }
    await client.call({ method: 'PATCH', path: '/x/status', body: { status: { revision: null } }, signal, maxBytes: 100 })
    assert.equal(seen, 'application/merge-patch+json {"status":{"revision":null}}')
  })

  it('that breaks off, is not there, or is not who it should be is away', async () => {
    answer = (request) => request.socket.destroy()
    await assert.rejects(get(), rejectsWith('GH-KUBERNETES-AWAY'))
    const files = { tokenFile, caFile: join(folder, 'other.crt') }
    await assert.rejects(
      new ApiClient(url, new CredentialReader(files, () => 0)).call({ method: 'GET', path: '/', signal, maxBytes: 1 }),
      rejectsWith('GH-KUBERNETES-FILE'),
    )
    writeFileSync(files.caFile, Authority.create({ name: 'Other CA' }).certPem)
    const stranger = new ApiClient(url, new CredentialReader(files, () => 0))
    await assert.rejects(stranger.call({ method: 'GET', path: '/', signal, maxBytes: 1 }), rejectsWith('GH-KUBERNETES-AWAY'))
    stranger.close()
  })

  it('tells events as they come; a watch ends with the server, with silence, with nonsense and with its signal', async () => {
    const events: unknown[] = []
    const watch = (signalOfWatch = signal, silenceMs = 60_000): ReturnType<ApiClient['watch']> =>
      client.watch({
        path: '/x?watch=1',
        signal: signalOfWatch,
        silenceMs,
        onOpen: () => events.push('open'),
        onEvent: (event) => events.push(event),
      })
    answer = (_, response) => {
      response.write('{"type":"ADD')
      response.end('ED"}\n{"type":"BOOKMARK"}\n{"broken')
    }
    assert.equal(await watch(), undefined)
    assert.deepEqual(events, ['open', { type: 'ADDED' }, { type: 'BOOKMARK' }])
    answer = (_, response) => response.writeHead(410).end('{"message":"too old"}')
    assert.deepEqual(await watch(), { status: 410, body: { message: 'too old' }, sizeBytes: 21 })
    answer = (_, response) => response.write('\n')
    await assert.rejects(watch(signal, 20), rejectsWith('GH-KUBERNETES-AWAY'))
    answer = (_, response) => response.write('nonsense\n')
    await assert.rejects(watch(), rejectsWith('GH-KUBERNETES-ANSWER'))
    const stop = new AbortController()
    answer = (_, response) => {
      response.write('\n', () => stop.abort())
    }
    await assert.rejects(watch(stop.signal), rejectsWith('GH-KUBERNETES-AWAY'))
  })
})
