import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectorFactory } from '@gatehouse/bridge-kit'
import { LoopbackNetwork, loopback } from '@gatehouse/bridge-kit/test'
import { BridgeService, type Entry, PolicyDecisionService } from '@gatehouse/proto'
import { contosoPolicy, policyDocument } from '../peers-kit/contoso-policy.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { startBridgedOrganisation } from './bridged-organisation.ts'

const policy =
  contosoPolicy() +
  policyDocument('Network', 'loop', { protocol: 'loopback', domains: ['loop.example'], enabled: true }) +
  policyDocument('UserRights', 'bob', { user: 'bob@contoso.example', publicIm: false })

const alice = { user: 'alice', domain: 'contoso.example' }
const bodyOf = (entry: Entry | undefined): string => Buffer.from(entry?.envelope?.body ?? []).toString()

test(
  'a SIP user and somebody on a network: both ways through bridge, bus and edge, on record, explained',
  withRack('bridge-loopback', async (rack, t) => {
    const network = new LoopbackNetwork('loop.example')
    const organisation = await startBridgedOrganisation(rack, {
      domain: 'contoso.example',
      connectors: [loopback(network) as unknown as ConnectorFactory<never>],
      networks: { loop: { protocol: 'loopback', settings: {} } },
      policy,
    })
    const { home, connection } = organisation
    const [sipAlice, sipBob] = [home.addUser('alice'), home.addUser('bob')]

    await rack.step(t, 'from the network to the SIP user', async () => {
      const outcome = await network.say('zoe', alice, 'Grüße 👋')
      assert.equal(outcome.status, 'delivered', `${outcome.code} ${outcome.detail}`)
      const event = await sipAlice.next('message')
      assert.deepEqual([event.kind === 'message' && event.text, event.kind === 'message' && event.mark], ['Grüße 👋', 'verified'])
      assert.equal(event.from, 'zoe@loop.example')
    })

    await rack.step(t, 'the answer, from the SIP user to the network', async () => {
      const answer = await sipAlice.sendMessage('zoe@loop.example', 'Hallo Zoë')
      assert.equal(answer.status, 200, answer.reason)
      const [line] = await network.whenHeard(1)
      assert.deepEqual(line?.from, alice)
      assert.equal(line?.content.kind === 'message' && line.content.text, 'Hallo Zoë')
    })

    await rack.step(t, 'both are on record, and explained by what the record holds', async () => {
      const found = await organisation.entries(2)
      assert.deepEqual(found.map(bodyOf).sort(), ['Grüße 👋', 'Hallo Zoë'])
      for (const entry of found) {
        assert.equal(entry.decision?.peerClass, 'bridge')
        const envelopeId = entry.envelope?.id ?? new Uint8Array()
        const explained = await connection.client(PolicyDecisionService).explainArchived({ envelopeId })
        assert.equal(explained.replayed?.code, 'GH-POLICY-ALLOWED', explained.unreplayable)
        assert.equal(explained.deciding?.object, 'Network/loop')
        const inputs = new Map(explained.inputs.map(({ name, value }) => [name, value]))
        if (entry.decision?.destination === 'inside') assert.equal(inputs.get('evidence'), 'V2, says the loopback connector')
      }
    })

    await rack.step(t, 'refusals are told on either side, each in its own words', async () => {
      const stranger = await network.say('eve', alice, 'buy', { evidence: { class: 'V0', by: 'nick' } })
      assert.equal(stranger.code, 'GH-POLICY-UNVERIFIED-MESSAGE')
      const nobody = await network.say('zoe', { user: 'nobody', domain: 'contoso.example' }, 'hello?')
      assert.deepEqual([nobody.status, nobody.sipStatus], ['failed', 404], nobody.detail)
      assert.equal((await sipBob.sendMessage('zoe@loop.example', 'me too')).status, 403, 'Bob has no right to public networks')
      network.unknown.add('nemo')
      assert.equal((await sipAlice.sendMessage('nemo@loop.example', 'anybody?')).status, 404)
      network.isAway = true
      assert.equal((await sipAlice.sendMessage('zoe@loop.example', 'still there?')).status, 504)
      network.isAway = false
    })

    await rack.step(t, 'a session is one on the SIP side, and messages in it reach the network', async () => {
      const before = network.heard.length
      const { answer, session } = await sipAlice.openSession('zoe@loop.example', { firstText: 'a minute?' })
      assert.equal(answer.status, 200, answer.reason)
      assert.equal((await session?.sendMessage('about the plan'))?.status, 200)
      const texts = (await network.whenHeard(before + 2))
        .slice(before)
        .flatMap(({ content }) => (content.kind === 'message' ? [content.text] : []))
      assert.deepEqual(texts, ['a minute?', 'about the plan'])
      await session?.close()
    })

    await rack.step(t, 'the network is listed with what passed', async () => {
      const { networks } = await connection.client(BridgeService).listNetworks({})
      assert.deepEqual(
        networks.map(({ network: name, state }) => [name, state]),
        [['loop', 'connected']],
      )
    })
  }),
)
