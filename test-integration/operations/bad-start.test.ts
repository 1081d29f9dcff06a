import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { freePorts } from '../peers-kit/free-port.ts'
import { type ManagedProcess, startProcess } from '../peers-kit/managed-process.ts'
import { startNats } from '../peers-kit/nats-server.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'

const MAIN = join(import.meta.dirname, '../../apps/gatehouse/src/main.ts')
const PAUSE_MS = 50
const TIMEOUT_MS = 60_000

interface Trouble {
  readonly natsPort: number
  readonly healthPort: number
  readonly stateDir?: string
  readonly bus?: string
  readonly policy?: string
}

/** `gatehouse service policy` with something wrong; returns as soon as it runs. */
async function startPolicy(rack: PeerRack, name: string, trouble: Trouble): Promise<ManagedProcess> {
  const file = rack.path(`${name}.yaml`)
  writeFileSync(
    file,
    `stateDir: ${trouble.stateDir ?? rack.path(name)}
control: { listen: "unix:${rack.path(`${name}.sock`)}" }
telemetry: { health: { port: ${trouble.healthPort} } }
bus: { driver: nats, servers: ["127.0.0.1:${trouble.natsPort}"]${trouble.bus ?? ''} }
policy: { heartbeatMs: 1000${trouble.policy ?? ''} }
federationPeer:
  externalEdge: { name: sip.contoso.example, listen: { address: 127.0.0.1 }, certificate: { certFile: x, keyFile: x } }
  internalEdge:
    name: gate.contoso.example
    listen: { address: 127.0.0.1 }
    certificate: { certFile: x, keyFile: x }
    nextHop: { host: home.contoso.example }
  trust: [{ name: lab, files: [x] }]
`,
  )
  return rack.add(
    await startProcess({
      name,
      command: process.execPath,
      args: ['--conditions=@gatehouse/source', '--disable-warning=ExperimentalWarning', MAIN, 'service', 'policy', '--config', file],
      cwd: rack.folder,
      logFile: rack.path(`${name}.log`),
      ready: {},
    }),
  )
}

async function readiness(port: number): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`)
    return { status: response.status, text: await response.text() }
  } catch {
    return { status: 0, text: '' }
  }
}

/** Asks until the answer is what it should become. */
async function untilReadiness(of: ManagedProcess, port: number, isIt: (status: number, text: string) => boolean): Promise<string> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const { status, text } = await readiness(port)
    if (isIt(status, text)) return text
    if (of.hasEnded || performance.now() > deadline) throw new Error(`last answer ${status} ${text}; log: ${of.output().slice(-3_000)}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

test(
  'a start with something wrong',
  { skip: skipWithout('nats-server'), timeout: 5 * 60_000 },
  withRack('bad-start', async (rack, t) => {
    const [natsPort, healthPort, closedPort] = (await freePorts(3)) as [number, number, number]

    await rack.step(t, 'a bus that is away is waited for, said in the log and in the health', async () => {
      const policy = await startPolicy(rack, 'bus-away', { natsPort, healthPort })
      await untilReadiness(policy, healthPort, (status, text) => status === 503 && text.includes('GH-BUS-CONNECT'))
      assert.match(policy.output(), /"code":"GH-BUS-CONNECT".*"remedy":"Check server addresses/)
      rack.add(await startNats(rack.path('nats'), natsPort))
      await untilReadiness(policy, healthPort, (status) => status === 200)
      await policy.stop()
      assert.equal(await policy.ended, 0)
    })

    await rack.step(t, 'SIGTERM ends the waiting with 0', async () => {
      const policy = await startPolicy(rack, 'stopped', { natsPort: closedPort, healthPort })
      await untilReadiness(policy, healthPort, (status, text) => status === 503 && text.includes('GH-BUS-CONNECT'))
      await policy.stop()
      assert.equal(await policy.ended, 0, policy.output())
    })

    await rack.step(t, 'a database that is away is waited for', async () => {
      const urlFile = rack.path('url')
      writeFileSync(urlFile, `postgres://gatehouse:none@127.0.0.1:${closedPort}/policy`)
      const policy = await startPolicy(rack, 'database-away', { natsPort, healthPort, policy: `, postgres: { urlFile: ${urlFile} }` })
      const text = await untilReadiness(policy, healthPort, (status, said) => status === 503 && said.includes('GH-REVISION-STORE'))
      assert.match(text, /"name":"policy database"/)
      await policy.stop()
      assert.equal(await policy.ended, 0, policy.output())
    })

    const ends: readonly [name: string, code: RegExp, trouble: Partial<Trouble>][] = [
      ['secret of the bus', /GH-BUS-FILE/, { bus: ', credentialsFile: /nowhere/bus.creds' }],
      ['secret of the database', /GH-REVISION-URL/, { policy: ', postgres: { urlFile: /nowhere/url }' }],
      ['key', /GH-REVISION-KEY/, { policy: ', signingKeyFile: /proc/nothing.key' }],
      ['state', /GH-CLI-STATE/, { stateDir: join(import.meta.filename, 'state') }],
    ]
    for (const [name, code, trouble] of ends) {
      await rack.step(t, `a ${name} that cannot be had ends it once, with the code and what to do`, async () => {
        const policy = await startPolicy(rack, name.replaceAll(' ', '-'), { natsPort, healthPort, ...trouble })
        assert.equal(await policy.ended, 5, policy.output())
        assert.match(policy.output(), code)
        assert.match(policy.output(), /what to do: /)
      })
    }
  }),
)
