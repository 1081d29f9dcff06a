import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { DnsServer, HomeServer } from '@gatehouse/lab'
import { contosoPolicy } from '../peers-kit/contoso-policy.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePort } from '../peers-kit/free-port.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { objectsOf } from './kit/helm.ts'
import { RenderedSite } from './kit/rendered-site.ts'

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The servers of the test live in this process, so nothing may hold it up. */
function runToEnd(args: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = [child.stdout, child.stderr].map(async (stream) => (await stream.toArray()).join(''))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => {
      Promise.all(texts).then(([stdout = '', stderr = '']) => resolve({ status, stdout, stderr }), reject)
    })
  })
}

test(
  'what the chart renders runs: NATS, policy, archive and edge as the pods would, and the containers of `helm test`',
  { skip: skipWithout('helm4', 'nats-server') },
  withRack('chart', async (rack, t) => {
    const dns = rack.add(new DnsServer())
    await dns.start()
    const homePort = await freePort()
    const [carolAt, aliceAt] = ['carol@fabrikam.example', 'alice@contoso.example']
    const objects = objectsOf('small-trial', {
      set: [
        'policy.postgres.existingSecret=',
        'archive.postgres.existingSecret=',
        'trial.postgres.enabled=false',
        'federationPeer.config.drain.graceMs=0',
        'federationPeer.config.drain.closeMs=0',
        `federationPeer.config.dns.servers={${dns.server}}`,
        `federationPeer.config.internalEdge.nextHop.port=${homePort}`,
        'tests.message.enabled=true',
        'tests.message.existingSecret=probe-partner',
        `tests.message.from=sip:${carolAt}`,
        `tests.message.to=sip:${aliceAt}`,
      ],
    })
    const site = new RenderedSite(rack, objects)
    await site.choosePorts()
    const { authority } = site
    const caPem = authority.certificate.certPem
    site.give('inside-ca', { 'ca.crt': caPem })
    site.give('partner-ca', { 'ca.crt': caPem })
    const partnerCertificate = authority.issue({ dns: ['sip.fabrikam.example'] })
    site.give('probe-partner', { 'tls.crt': partnerCertificate.chainPem, 'tls.key': partnerCertificate.keyPem, 'ca.crt': caPem })

    // Two servers that are not ours: the one inside, and the partner's.
    const server = async (domain: string, host: string, nextHost: string, nextPort: number, port: number): Promise<HomeServer> => {
      const home = new HomeServer({
        domain,
        host,
        address: '127.0.0.1',
        port,
        certificate: authority.issue({ dns: [host] }),
        caPem,
        nextHop: { host: nextHost, address: '127.0.0.1', port: nextPort },
      })
      await home.start()
      dns.zone.setAddresses(host, ['127.0.0.1'])
      return rack.add(home)
    }
    const home = await server(
      'contoso.example',
      'home.contoso.example',
      'gate.contoso.example',
      site.portOf('federation-peer', 5062),
      homePort,
    )
    const alice = home.addUser('alice')
    const partner = await server('fabrikam.example', 'sip.fabrikam.example', 'sip.contoso.example', site.portOf('federation-peer', 5061), 0)

    await site.start('nats', /Server is ready/)
    await site.start('policy', /control +\S+:\d+/)
    await site.start('archive', /control +\S+:\d+/)
    await site.start('federation-peer', /control +\S+:\d+/)
    const run = (args: readonly string[]): Promise<Ended> => runToEnd([...site.cli, ...args], rack.folder)

    await rack.step(t, 'the operator’s certificate applies a policy', async () => {
      const policy = contosoPolicy({
        settings: { unverified: { message: 'deliver' } },
        fabrikam: { edge: `sip.fabrikam.example:${partner.port}` },
      })
      writeFileSync(rack.path('policy.yaml'), policy)
      const applied = await run([
        'apply',
        '-f',
        rack.path('policy.yaml'),
        `--connect=localhost:${site.portOf('policy', 9443)}`,
        ...site.tlsOptions('gh-gatehouse-operator'),
      ])
      assert.equal(applied.status, 0, applied.stdout + applied.stderr)
    })

    await rack.step(t, 'helm test: the policy is in force on the replica that the pod’s name names', async () => {
      const status = await run(site.commandOf('gh-gatehouse-test-status', 'policy-status'))
      assert.equal(status.status, 0, status.stdout + status.stderr)
      assert.match(status.stdout, /federation-peer-7/)
    })

    await rack.step(t, 'helm test: a partner’s message goes through, and the archive has it', async () => {
      const sent = await run(site.commandOf('gh-gatehouse-test-message', 'send'))
      assert.equal(sent.status, 0, sent.stdout + sent.stderr)
      assert.partialDeepStrictEqual(await alice.next('message'), { text: 'helm test of gh' })
      const found = await run(site.commandOf('gh-gatehouse-test-message', 'find-record'))
      assert.equal(found.status, 0, found.stdout + found.stderr)
      assert.match(found.stdout, /"verdict":"allow"/)
    })

    await rack.step(t, 'the policy service may replay from the archive; the edge’s certificate may not read it', async () => {
      const observed = await run([
        'policy',
        'observed',
        `--connect=localhost:${site.portOf('policy', 9443)}`,
        ...site.tlsOptions('gh-gatehouse-operator'),
      ])
      assert.equal(observed.status, 0, observed.stdout + observed.stderr)
      const stolen = await run([
        'archive',
        'search',
        `--connect=localhost:${site.portOf('archive', 9443)}`,
        ...site.tlsOptions('gh-gatehouse-federation-peer-internal'),
      ])
      assert.equal(stolen.stdout, '')
      assert.match(stolen.stderr, /GH-ARCHIVE-ROLE/)
    })

    await rack.step(t, 'the check before an upgrade takes these files, and not one with a mistake', async () => {
      const check = objects.find(({ kind }) => kind === 'Job')?.metadata.name ?? ''
      assert.equal((await run(site.commandOf(check, 'federation-peer'))).status, 0)
      writeFileSync(rack.path('wrong.yaml'), 'federationPeer: { drain: { graceMs: soon } }\n')
      assert.equal((await run(['config', 'check', rack.path('wrong.yaml')])).status, 4)
    })
  }),
)
