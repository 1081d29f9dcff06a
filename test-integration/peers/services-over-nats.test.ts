import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Authority, DnsServer, HomeServer } from '@gatehouse/lab'
import { contosoPolicy } from '../peers-kit/contoso-policy.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { startProcess } from '../peers-kit/managed-process.ts'
import { startNats } from '../peers-kit/nats-server.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'

const REPOSITORY = join(import.meta.dirname, '../..')
const CLI = ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', join(REPOSITORY, 'apps/gatehouse/src/main.ts')]

/** Contoso's home server inside, and Fabrikam's server, which is a home server that speaks to our external edge. */
async function startSites(rack: PeerRack) {
  const authority = Authority.create({ name: 'Lab Root' })
  const caPem = authority.certificate.certPem
  const dns = new DnsServer()
  await dns.start()
  rack.add(dns)
  const [external, internal] = (await freePorts(2)) as [number, number]
  const site = async (domain: string, host: string, port: number, next: string): Promise<HomeServer> => {
    const server = new HomeServer({
      domain,
      host,
      address: '127.0.0.1',
      port: 0,
      certificate: authority.issue({ dns: [host] }),
      caPem,
      nextHop: { host: next, address: '127.0.0.1', port },
    })
    await server.start()
    dns.zone.setAddresses(host, ['127.0.0.1'])
    return rack.add(server)
  }
  const home = await site('contoso.example', 'home.contoso.example', internal, 'gate.contoso.example')
  const partner = await site('fabrikam.example', 'sip.fabrikam.example', external, 'sip.contoso.example')
  return { authority, caPem, dns, external, internal, home, partner }
}

test(
  'policy, archive and federation-peer as processes of their own over NATS',
  { skip: skipWithout('nats-server') },
  withRack('over-nats', async (rack, t) => {
    const nats = rack.add(await startNats(rack.path('nats')))
    const { authority, caPem, dns, external, internal, home, partner } = await startSites(rack)
    const file = (name: string, text: string): string => {
      writeFileSync(rack.path(name), text)
      return rack.path(name)
    }
    const pair = (name: string, host: string): string => {
      const issued = authority.issue({ dns: [host] })
      return `{ certFile: ${file(`${name}.pem`, issued.chainPem)}, keyFile: ${file(`${name}.key`, issued.keyPem)} }`
    }
    mkdirSync(rack.path('state'))
    const config = file(
      'gatehouse.yaml',
      `stateDir: ${rack.path('state')}
bus: { driver: nats, servers: ["${nats.url.replace('nats://', '')}"] }
federationPeer:
  externalEdge: { name: sip.contoso.example, listen: { address: 127.0.0.1, port: ${external} }, certificate: ${pair('external', 'sip.contoso.example')} }
  internalEdge:
    name: gate.contoso.example
    listen: { address: 127.0.0.1, port: ${internal} }
    certificate: ${pair('internal', 'gate.contoso.example')}
    nextHop: { host: home.contoso.example, port: ${home.port} }
  trust: [{ name: lab, files: [${file('ca.pem', caPem)}] }]
  dns: { servers: ["${dns.server}"] }
  policy: { publicKeyFile: ${rack.path('state/policy.db.key.pub')} }
  drain: { graceMs: 0, closeMs: 0 }
`,
    )
    const start = async (name: string) =>
      rack.add(
        await startProcess({
          name,
          command: process.execPath,
          args: [...CLI, 'service', name, '--config', config],
          cwd: rack.folder,
          logFile: rack.path(`${name}.log`),
          ready: { line: /control +unix:/ },
        }),
      )
    const run = (...args: string[]) => spawnSync(process.execPath, [...CLI, ...args], { cwd: rack.folder, encoding: 'utf8' })
    await start('policy')
    const archive = await start('archive')
    await start('federation-peer')
    const policy = contosoPolicy({
      settings: { unverified: { message: 'deliver' } },
      fabrikam: { edge: `sip.fabrikam.example:${partner.port}` },
    })
    const applied = run('apply', '-f', file('policy.yaml', policy), '--connect', 'unix:.gatehouse/policy.sock')
    assert.equal(applied.status, 0, applied.stderr)
    const alice = home.addUser('alice')
    const carol = partner.addUser('carol')

    await rack.step(t, 'a message each way is archived by the archive process', async () => {
      assert.equal((await carol.sendMessage('alice@contoso.example', 'over NATS')).status, 200)
      assert.partialDeepStrictEqual(await alice.next('message'), { text: 'over NATS' })
      assert.equal((await alice.sendMessage('carol@fabrikam.example', 'and back')).status, 200)
      assert.partialDeepStrictEqual(await carol.next('message'), { text: 'and back' })
      const found = run('archive', 'search', '--json', '--connect', 'unix:.gatehouse/archive.sock')
      assert.match(found.stdout, /carol@fabrikam\.example/)
    })

    await rack.step(t, 'a policy change reaches the edge', async () => {
      const block = `apiVersion: gatehouse/v1\nkind: BlockEntry\nmetadata: { name: carol }\nspec: { address: carol@fabrikam.example, owner: test, reason: test }\n`
      assert.equal(run('apply', '-f', file('block.yaml', block), '--connect', 'unix:.gatehouse/policy.sock').status, 0)
      let status = 200
      for (let tries = 0; tries < 100 && status === 200; tries++)
        status = (await carol.sendMessage('alice@contoso.example', `try ${tries}`)).status
      assert.equal(status, 403)
      assert.equal(run('apply', '-f', rack.path('policy.yaml'), '--prune', '--connect', 'unix:.gatehouse/policy.sock').status, 0)
      for (let tries = 0; tries < 100 && status !== 200; tries++)
        status = (await carol.sendMessage('alice@contoso.example', `again ${tries}`)).status
      assert.equal(status, 200)
    })

    await rack.step(t, 'without the archive nothing passes, and it goes on by itself when the archive is back', async () => {
      archive.killNow()
      await archive.ended
      const refused = await carol.sendMessage('alice@contoso.example', 'not on record')
      assert.equal(refused.status, 503)
      await start('archive')
      let status = 503
      for (let tries = 0; tries < 200 && status !== 200; tries++)
        status = (await carol.sendMessage('alice@contoso.example', `on record ${tries}`)).status
      assert.equal(status, 200)
      const verified = run('archive', 'verify', '--connect', 'unix:.gatehouse/archive.sock')
      assert.equal(verified.status, 0, verified.stdout + verified.stderr)
    })
  }),
)
