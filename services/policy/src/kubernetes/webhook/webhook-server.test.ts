import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { GatewayError } from '@gatehouse/errors'
import { Authority } from '@gatehouse/lab'
import { silentLogger } from '@gatehouse/telemetry'
import type { ReviewAnswer } from './review-object.ts'
import { WebhookServer } from './webhook-server.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-webhook-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const authority = Authority.create({ name: 'Webhook CA' })
const [certFile, keyFile] = [join(folder, 'tls.crt'), join(folder, 'tls.key')]

function writePair(): string {
  const issued = authority.issue({ commonName: 'localhost', dns: ['localhost'] })
  writeFileSync(certFile, issued.chainPem)
  writeFileSync(keyFile, issued.keyPem)
  return issued.fingerprint
}

interface Served {
  readonly port: number
  readonly server: WebhookServer
  readonly tick: () => void
}

async function serve(review: () => Promise<ReviewAnswer>): Promise<Served> {
  let tick = (): void => {}
  const server = new WebhookServer({
    address: '127.0.0.1',
    port: 0,
    certFile,
    keyFile,
    review,
    log: silentLogger,
    every: (_, run) => {
      tick = run
      return () => {}
    },
  })
  return { port: await server.start(), server, tick: () => tick() }
}

function post(port: number, body: string | Buffer, path = '/validate', method = 'POST'): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: 'localhost', port, path, method, ca: authority.certPem, agent: false }, (response) => {
      let text = ''
      response.on('data', (piece: Buffer) => {
        text += piece.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const shownBy = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: 'localhost', port, ca: authority.certPem, servername: 'localhost' }, () => {
      resolve(socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase())
      socket.destroy()
    })
    socket.on('error', reject)
  })

const REVIEW = JSON.stringify({ apiVersion: 'admission.k8s.io/v1', request: { uid: 'u7', kind: { kind: 'Partner' } } })
const YES: ReviewAnswer = { isAllowed: true, message: '', warnings: [], isAboutOthers: false }

describe('the admission webhook', () => {
  it('answers a review, and nothing else', async () => {
    writePair()
    const { port, server } = await serve(async () => YES)
    const { status, text } = await post(port, REVIEW)
    assert.deepEqual([status, JSON.parse(text).response], [200, { uid: 'u7', allowed: true }])
    assert.deepEqual([(await post(port, REVIEW, '/')).status, (await post(port, '', '/validate', 'GET')).status], [404, 404])
    assert.deepEqual([(await post(port, 'x')).status, (await post(port, '{}')).status], [400, 400])
    await server.stop()
  })

  it('takes so many at once and no more, and survives a check that fails', async () => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let begun = 0
    let allBegun = (): void => {}
    const full = new Promise<void>((resolve) => {
      allBegun = resolve
    })
    const { port, server } = await serve(async () => {
      begun += 1
      if (begun === 16) allBegun()
      await held
      return YES
    })
    const waiting = Array.from({ length: 16 }, () => post(port, REVIEW))
    await full
    assert.equal((await post(port, REVIEW)).status, 503)
    release()
    assert.ok((await Promise.all(waiting)).every(({ status }) => status === 200))
    await server.stop()
    const failing = await serve(() => Promise.reject(new Error('no')))
    assert.equal((await post(failing.port, REVIEW)).status, 500)
    await failing.server.stop()
  })

  it('shows a renewed certificate, and keeps the one it has while the new one is of no use', async () => {
    const first = writePair()
    const { port, server, tick } = await serve(async () => YES)
    assert.equal(await shownBy(port), first)
    writeFileSync(certFile, 'half of a certif')
    tick()
    assert.equal(await shownBy(port), first)
    assert.match(server.problem ?? '', /tls\.crt/)
    const second = writePair()
    tick()
    assert.deepEqual([await shownBy(port), server.problem], [second, undefined])
    await server.stop()
  })

  it('does not start with a certificate that is none, or where it cannot listen', async () => {
    writePair()
    const { port, server } = await serve(async () => YES)
    const deps = { address: '127.0.0.1', port, certFile, keyFile, review: async () => YES, log: silentLogger, every: () => () => {} }
    const codeOf = async (more: object): Promise<unknown> =>
      await new WebhookServer({ ...deps, ...more })
        .start()
        .catch((thrown: unknown) => (thrown instanceof GatewayError ? thrown.code : thrown))
    assert.deepEqual([await codeOf({}), await codeOf({ certFile: join(folder, 'none') })], ['GH-KUBERNETES-LISTEN', 'GH-KUBERNETES-FILE'])
    await server.stop()
  })
})
