import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { startFederation } from '../peers-kit/federation.ts'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { type PeerRack, withRack } from '../peers-kit/peer-rack.ts'
import { startSipp } from '../peers-kit/sipp.ts'
import { calledScenario, callerScenario } from '../peers-kit/sipp-scenarios.ts'

const CALLS = 20

// Nothing of ours at either end: sipp – Kamailio – Gatehouse – Kamailio – sipp.
test(
  'sipp at both ends holds IM sessions through Gatehouse',
  { skip: skipWithout('kamailio', 'kamcmd', 'sipp') },
  withRack('sipp', async (rack, t) => {
    const { contoso, fabrikam } = await startFederation(rack, { otherPhones: ['anna', 'berta'] })
    await rack.step(t, `${CALLS} sessions from inside to the partner`, () =>
      callThrough(rack, 'outbound', {
        from: 'anna@contoso.example',
        to: 'berta@fabrikam.example',
        fromPort: contoso.site.phonePorts['anna'] as number,
        toPort: fabrikam.site.phonePorts['berta'] as number,
        server: contoso.site.usersPort,
      }),
    )
    await rack.step(t, `${CALLS} sessions from the partner to the inside`, () =>
      callThrough(rack, 'inbound', {
        from: 'berta@fabrikam.example',
        to: 'anna@contoso.example',
        fromPort: fabrikam.site.phonePorts['berta'] as number,
        toPort: contoso.site.phonePorts['anna'] as number,
        server: fabrikam.site.usersPort,
      }),
    )
  }),
)

interface Call {
  readonly from: string
  readonly to: string
  readonly fromPort: number
  readonly toPort: number
  readonly server: number
}

async function callThrough(rack: PeerRack, name: string, call: Call): Promise<void> {
  const called = rack.add(
    await startSipp({
      name: `${name}-called`,
      scenario: calledScenario(),
      folder: rack.folder,
      port: call.toPort,
      transport: 'udp',
      calls: CALLS,
    }),
  )
  const caller = rack.add(
    await startSipp({
      name: `${name}-caller`,
      scenario: callerScenario(call),
      folder: rack.folder,
      port: call.fromPort,
      target: { address: '127.0.0.1', port: call.server },
      transport: 'udp',
      calls: CALLS,
    }),
  )
  const [callerCode, calledCode] = await Promise.all([caller.ended, called.ended])
  const errors = ['caller', 'called'].map((end) => rack.path(`${name}-${end}.errors`)).filter((path) => existsSync(path))
  assert.equal(callerCode, 0, errors.map((path) => readFileSync(path, 'utf8').slice(0, 2000)).join('\n'))
  assert.equal(calledCode, 0, 'the called sipp did not see every call through to its BYE')
}
