import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connect } from 'node:tls'
import { Authority, type Issued } from '@gatehouse/lab'
import { createRpcServer, type RpcTls } from '@gatehouse/rpc'
import { createLogger } from '@gatehouse/telemetry'
import { ControlFiles } from './follow-control-files.ts'

const authority = Authority.create({ name: 'Control' })
const caPem = authority.certificate.certPem
const filesOf = (issued: Issued): RpcTls => ({ certPem: issued.chainPem, keyPem: issued.keyPem, caPem })

describe('files of the control address', () => {
  it('are followed: new connections get the new certificate, broken files change nothing', async () => {
    const [first, second] = [filesOf(authority.issue({ dns: ['first.example'] })), filesOf(authority.issue({ dns: ['second.example'] }))]
    let lines = ''
    const log = createLogger({
      service: 'test',
      level: 'info',
      destination: {
        write: (line: string) => {
          lines += line
        },
      },
    })
    const server = createRpcServer({ listen: '127.0.0.1:0', tls: first, log })
    const address = await server.start()
    let onDisk = first
    const files = new ControlFiles(first, { read: () => onDisk, server, log })
    try {
      files.check()
      assert.equal(await nameShownAt(address, first), 'DNS:first.example')
      onDisk = { ...second, keyPem: first.keyPem }
      files.check()
      files.check()
      assert.equal(await nameShownAt(address, first), 'DNS:first.example')
      assert.equal(lines.split('of no use yet').length, 2, 'said once')
      onDisk = second
      files.check()
      assert.equal(await nameShownAt(address, first), 'DNS:second.example')
      assert.match(lines, /uses new certificates/)
      assert.ok(!lines.includes('PRIVATE KEY'))
    } finally {
      await server.stop(0)
    }
  })

  it('keep asking for a certificate of the authority', async () => {
    const stranger = Authority.create({ name: 'Stranger' })
    const files = filesOf(authority.issue({ dns: ['control.example'] }))
    const log = createLogger({ service: 'test', level: 'error', destination: { write: () => {} } })
    const server = createRpcServer({ listen: '127.0.0.1:0', tls: files, log })
    const address = await server.start()
    try {
      server.useTls(filesOf(authority.issue({ dns: ['control.example'] })))
      const other = stranger.issue({ dns: ['control.example'] })
      await assert.rejects(nameShownAt(address, { certPem: other.chainPem, keyPem: other.keyPem, caPem }))
    } finally {
      await server.stop(0)
    }
  })
})

/** The name in the certificate that a listener shows to a caller with ours; rejects when the caller is turned away. */
function nameShownAt(address: string, caller: RpcTls): Promise<string> {
  const port = Number(address.split(':').at(-1))
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, cert: caller.certPem, key: caller.keyPem, ca: caPem, ALPNProtocols: ['h2'] }
    const socket = connect({ ...options, checkServerIdentity: () => undefined }, () => {
      // with TLS 1.3 the client only learns with the first octets whether its certificate was taken
      socket.once('data', () => {
        const name = socket.getPeerX509Certificate()?.subjectAltName ?? ''
        socket.destroy()
        resolve(name)
      })
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
  })
}
