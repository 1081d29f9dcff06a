import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failedFacts, type UserFacts, unknownUser } from '@gatehouse/policy-engine'
import { known, settings, userSettings } from '@gatehouse/policy-engine/test'
import { createRequest, createResponse, encodeMessage, type SipRequest, type SipResponse } from '@gatehouse/sip-core'
import type { FactsLookup } from './gate-deps.ts'
import { GateRig } from './gate-rig.ts'

const ALICE = 'alice@contoso.example'
const CAROL = 'carol@fabrikam.example'

function message(from: string, to: string, method = 'MESSAGE', callId = 'c1'): SipRequest {
  return createRequest(
    method,
    `sip:${to}`,
    [
      ['Via', `SIP/2.0/TLS client.example.net:5061;branch=z9hG4bK${callId}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:${from}>;tag=a1`],
      ['To', `<sip:${to}>`],
      ['Call-ID', callId],
      ['CSeq', `1 ${method}`],
      ['ms-asserted-verification-level', 'ms-source-verified-user=unverified'],
    ],
    Buffer.from('hello'),
  )
}

const LOOK_UP = userSettings({ lookUp: true, unknown: 'refuse', learnDays: 30, firstContact: 'hold', firstContactsPerPartner: 10 })

/** A facts service in memory; nothing is cached, so that every message waits for it. */
class FakeFacts implements FactsLookup {
  readonly byUser = new Map<string, UserFacts>()
  readonly asked: string[] = []
  readonly notes: string[] = []
  isCached = false

  facts(user: string): UserFacts | undefined {
    return this.isCached ? this.byUser.get(user) : undefined
  }

  lookupFacts(user: string, onDone: (facts: UserFacts) => void): void {
    this.asked.push(user)
    setImmediate(() => onDone(this.byUser.get(user) ?? unknownUser('none')))
  }

  learned(user: string, contact: string): void {
    this.notes.push(`${user} wrote to ${contact}`)
  }

  held({ user, contact, partner, envelopeId }: Parameters<FactsLookup['held']>[0]): void {
    this.notes.push(`${contact} of ${partner} to ${user}${envelopeId === undefined ? '' : ', archived'}`)
  }
}

interface World {
  readonly rig: GateRig
  readonly facts: FakeFacts
  readonly send: (request: SipRequest) => Promise<SipResponse | undefined>
}

function world(unverified: 'deliver' | 'contactsOnly' = 'deliver'): World {
  const facts = new FakeFacts()
  const rig = new GateRig({ facts, policy: [settings({ unverified: { message: unverified, presence: 'contactsOnly' } }), LOOK_UP] })
  const partner = rig.open('external', ['sip.fabrikam.example'])
  return {
    rig,
    facts,
    send: async (request) => {
      partner.receive(encodeMessage(request))
      await rig.settle()
      return partner.responses().at(-1)
    },
  }
}

describe('facts on the way of a message', () => {
  it('a message waits for them, once, and goes on', async () => {
    const { rig, facts, send } = world()
    facts.byUser.set(ALICE, known())
    assert.equal(await send(message(CAROL, ALICE)), undefined)
    assert.equal(rig.inside.requests().length, 1)
    assert.deepEqual(facts.asked, [ALICE])
  })

  it('what is cached is not asked for', async () => {
    const { rig, facts, send } = world()
    facts.byUser.set(ALICE, known())
    facts.isCached = true
    await send(message(CAROL, ALICE))
    assert.deepEqual([rig.inside.requests().length, facts.asked.length], [1, 0])
  })

  it('nobody to ask: 503, and nothing passes', async () => {
    const { rig, facts, send } = world()
    facts.byUser.set(ALICE, failedFacts('no-responder'))
    assert.equal((await send(message(CAROL, ALICE)))?.status, 503)
    assert.equal(rig.inside.requests().length, 0)
  })

  it('a held first contact is archived and noted; a released one passes', async () => {
    const { rig, facts, send } = world('contactsOnly')
    facts.byUser.set(ALICE, known())
    assert.equal((await send(message(CAROL, ALICE)))?.status, 404)
    assert.deepEqual(facts.notes, [`${CAROL} of fabrikam to ${ALICE}, archived`])
    assert.deepEqual([rig.archived().length, rig.inside.requests().length], [1, 0])
    facts.byUser.set(ALICE, known({ contacts: new Map([[CAROL, Number.POSITIVE_INFINITY]]) }))
    await send(message(CAROL, ALICE, 'MESSAGE', 'c2'))
    assert.equal(rig.inside.requests().length, 1)
  })

  it('whom our user wrote to is learned when it was taken, not before', async () => {
    const { rig, facts } = world()
    facts.byUser.set(ALICE, known())
    const answer = async (callId: string, status: number): Promise<void> => {
      rig.inside.receive(encodeMessage(message(ALICE, CAROL, 'MESSAGE', callId)))
      await rig.settle()
      const sent = rig.partnerLink.requests().at(-1)
      assert.ok(sent !== undefined)
      rig.partnerLink.receive(encodeMessage(createResponse(sent, status, undefined, { toTag: 'b' })))
      await rig.settle()
    }
    await answer('o1', 480)
    assert.deepEqual(facts.notes, [])
    await answer('o2', 200)
    assert.deepEqual(facts.notes, [`${ALICE} wrote to ${CAROL}`])
  })
})

describe('unknown and forbidden users', () => {
  /** What an observer outside can see: everything but the tag and Call-ID that differ by message. */
  const visible = (response: SipResponse | undefined): unknown => {
    assert.ok(response !== undefined)
    const headers = response.headers.lines.map(({ name, value }) => `${name}: ${value.replace(/tag=t\d+/, 'tag=T')}`)
    return [response.startLine, headers, Buffer.from(response.body).toString()]
  }

  for (const method of ['MESSAGE', 'INVITE', 'SUBSCRIBE']) {
    it(`answer alike outside: ${method}`, async () => {
      const policyRefusals: readonly UserFacts[] = [
        unknownUser('none'),
        known({ rights: { federation: false } }),
        known({ rights: { blockedDomains: ['fabrikam.example'] } }),
        known({ rights: { start: 'none' } }),
        known(), // the sender is no contact: held, or presence withheld
      ]
      const answers: unknown[] = []
      for (const one of policyRefusals) {
        const { facts, send, rig } = world('contactsOnly')
        facts.byUser.set(ALICE, one)
        answers.push(visible(await send(message(CAROL, ALICE, method))))
        assert.equal(rig.inside.requests().length, 0)
      }
      const friend = known({ contacts: new Map([[CAROL, Number.POSITIVE_INFINITY]]) })
      for (const status of [403, 404, 410, 604]) {
        const { facts, send, rig } = world('contactsOnly')
        facts.byUser.set(ALICE, friend)
        rig.inside.receive(new Uint8Array())
        await send(message(CAROL, ALICE, method))
        const [forwarded] = rig.inside.requests()
        assert.ok(forwarded !== undefined)
        const headers = [
          ['Server', 'Home/1.0'],
          ['Warning', '399 home "no such user"'],
          ['ms-diagnostics', '1003;reason="User does not exist"'],
        ] as const
        rig.inside.receive(
          encodeMessage(createResponse(forwarded, status, 'Nobody Here', { toTag: 'home', headers, body: Buffer.from('x') })),
        )
        await rig.settle()
        const partner = [...rig.session.connections.values()].find((one) => one.side === 'external' && one !== rig.partnerLink)
        answers.push(visible((partner as unknown as { responses(): SipResponse[] }).responses().at(-1)))
      }
      for (const answer of answers) assert.deepEqual(answer, answers[0])
    })
  }

  it('other answers of the home server pass as they are', async () => {
    const { facts, send, rig } = world()
    facts.byUser.set(ALICE, known())
    await send(message(CAROL, ALICE))
    const [forwarded] = rig.inside.requests()
    assert.ok(forwarded !== undefined)
    rig.inside.receive(encodeMessage(createResponse(forwarded, 486, undefined, { toTag: 'home', headers: [['Server', 'Home/1.0']] })))
    await rig.settle()
    const partner = [...rig.session.connections.values()].find((one) => one.side === 'external' && one !== rig.partnerLink)
    const answer = (partner as unknown as { responses(): SipResponse[] }).responses().at(-1)
    assert.deepEqual([answer?.status, answer?.headers.first('Server')], [486, 'Home/1.0'])
  })
})
