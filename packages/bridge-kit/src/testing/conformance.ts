import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ImAddress } from '@gatehouse/im-model'
import { CAPABILITY_FEATURES, CAPABILITY_LEVELS, carries } from '../capabilities.ts'
import type { BridgeConnector } from '../connector.ts'
import { type ConnectorFeature, supports } from '../features.ts'
import type { AccountId, NetworkAddress } from '../ids.ts'
import { awayCases } from './conformance-away.ts'
import { receiveCases } from './conformance-receive.ts'
import { sendCases } from './conformance-send.ts'
import { createTestContext, type TestContext, type TestContextParts } from './test-context.ts'

/** The network at the other end, as a test drives it: somebody there called the stranger. */
export interface Far {
  /** The stranger writes to `user`; resolves when the bytes are on their way. `id`: the network's own, where it has ids. */
  say(text: string, options?: { readonly id?: string }): Promise<void>
  /** Resolves with what the stranger has read so far once it is at least `count` texts, refusals included. */
  whenRead(count: number): Promise<readonly string[]>
  /** The network goes away: nothing can be handed over any more. Resolves when that is certain. */
  goAway(): Promise<void>
  /** It is there again; resolves when the next message can be handed over. */
  comeBack(): Promise<void>
}

/** A connector that was made and started, with somebody at the other end. */
export interface OpenedConnector {
  readonly connector: BridgeConnector
  readonly context: TestContext
  readonly far: Far
  /** Somebody on the network, as our inside knows them. */
  readonly stranger: ImAddress
  /** Somebody of ours, who may write to the stranger. */
  readonly user: ImAddress
  /** Account networks: the account of `user`, connected. */
  readonly account?: AccountId | undefined
  /** Names as the network writes them, ordinary and awkward ones. */
  readonly people: readonly NetworkAddress[]
  /** Ends what the test started; the connector is stopped by then. */
  close(): Promise<void>
}

export interface ConformanceSubject {
  readonly name: string
  /** Makes and starts one connector with a network of its own. `context` gives what was asked for with `createTestContext`. */
  open(context: (parts?: TestContextParts) => TestContext): Promise<OpenedConnector>
}

/** Runs a test with an opened connector, and stops and closes it in any case. */
export type Run = (title: string, body: (opened: OpenedConnector) => Promise<void>) => void

/** Every connector passes this suite. */
export function runConnectorConformance(subject: ConformanceSubject): void {
  describe(`connector: ${subject.name}`, () => {
    const run: Run = (title, body) => {
      test(title, async () => {
        const opened = await subject.open(createTestContext)
        try {
          await body(opened)
        } finally {
          await opened.connector.stop(0)
          await opened.close()
        }
      })
    }
    shapeCases(run)
    addressCases(run)
    sendCases(run)
    receiveCases(run)
    awayCases(run)
  })
}

function shapeCases(run: Run): void {
  run('says what it is, in words that are known', async ({ connector }) => {
    const { info } = connector
    assert.match(info.protocol, /^[a-z][a-z0-9]*$/)
    assert.ok(info.kind === 'servers' || supports(connector, 'accounts'), 'a network of accounts is logged in to')
    assert.ok(info.domains.length > 0)
    for (const feature of CAPABILITY_FEATURES) assert.ok(CAPABILITY_LEVELS.includes(info.capabilities.features[feature]), feature)
    assert.ok(info.capabilities.limits.maxTextBytes >= 100)
  })

  run('has the methods of what it carries', async ({ connector }) => {
    const needed: readonly (readonly [Parameters<typeof carries>[1], ConnectorFeature])[] = [
      ['typing', 'typing'],
      ['presence', 'presence'],
      ['subscription', 'presence'],
      ['files', 'files'],
      ['richText', 'richText'],
      ['groups', 'groups'],
    ]
    for (const [feature, methods] of needed) {
      if (carries(connector.info.capabilities, feature)) assert.ok(supports(connector, methods), `${feature} without its methods`)
    }
  })
}

function addressCases(run: Run): void {
  run('maps people both ways without mixing them up', async ({ connector, people, stranger }) => {
    assert.ok(people.length >= 3)
    const { addressing } = connector
    const seen = new Map<string, NetworkAddress>()
    for (const person of people) {
      const address = addressing.fromNetwork(person)
      assert.ok(address !== undefined, `${person} has an address`)
      assert.equal(address.domain, address.domain.toLowerCase())
      const key = `${address.user}@${address.domain}`
      assert.equal(seen.get(key), undefined, `${person} and ${seen.get(key)} have one address`)
      seen.set(key, person)
      const back = addressing.toNetwork(address)
      assert.ok(back !== undefined, `${key} is somebody`)
      assert.deepEqual(addressing.fromNetwork(back), address)
    }
    const name = addressing.toNetwork(stranger)
    assert.ok(name !== undefined)
    assert.deepEqual(addressing.fromNetwork(name), stranger)
  })

  run('maps hostile addresses to nobody, or to somebody who maps back; never throws', async ({ connector, stranger }) => {
    const { addressing } = connector
    for (const user of [
      '',
      ' ',
      '\u0000',
      'a\r\nb',
      '\\',
      '\\5c',
      '\\40',
      '((',
      'a(b',
      '(a)',
      'a@b@c',
      '💬',
      'é',
      'A',
      'x'.repeat(5_000),
      '\ud800',
    ]) {
      const person = addressing.toNetwork({ user, domain: stranger.domain })
      if (person === undefined) continue
      const back = addressing.fromNetwork(person)
      assert.ok(back !== undefined, JSON.stringify(user))
      assert.equal(addressing.toNetwork(back), person, JSON.stringify(user))
    }
  })
}
