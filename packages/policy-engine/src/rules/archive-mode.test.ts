import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decide, explain } from '../decide.ts'
import type { ArchivingSpec, PolicyObject } from '../document.ts'
import type { DecisionInput } from '../input.ts'
import { DecisionState } from '../state/decision-state.ts'
import {
  cloud,
  federated,
  fromCloud,
  group,
  inbound,
  known,
  object,
  outbound,
  rightsOf,
  snapshotOf,
  userSettings,
} from '../testing/samples.ts'

const BOB = 'bob@contoso.example'
const CAROL = 'carol@contoso.example'
const base = [...federated, cloud('cloud')]

const archiving = (spec: Partial<ArchivingSpec>): PolicyObject => object('Archiving', 'default', { duty: 'required', body: true, ...spec })

/** Mode and duty as the decision carries them. */
function kept(objects: readonly PolicyObject[], input: DecisionInput): string {
  const decision = decide(snapshotOf(...base, ...objects), input, new DecisionState())
  if ('need' in decision) return `needs ${decision.need}`
  return `${decision.verdict} ${decision.archive}${decision.archive === 'off' ? '' : decision.archiveBody ? ' body' : ' envelope'}`
}

const inside = outbound({ toUser: 'carol', toDomain: 'contoso.example' })

describe('what is kept', () => {
  const classes = archiving({ federation: 'envelope', publicNetworks: 'off', internal: 'body' })
  const rows: readonly [string, PolicyObject[], DecisionInput, string][] = [
    ['everything without an object', [], inbound(), 'allow required body'],
    ['bodies of none', [archiving({ body: false, duty: 'bestEffort' })], outbound(), 'allow bestEffort envelope'],
    ['a mode per class: partners', [classes], inbound(), 'allow required envelope'],
    ['a mode per class: public networks', [classes], fromCloud('cloud'), 'allow off'],
    ['a mode per class: own users', [classes], inside, 'allow required body'],
    [
      'a mode of one network',
      [archiving({ publicNetworks: 'off', networks: [{ name: 'cloud', mode: 'envelope' }] })],
      fromCloud('cloud'),
      'allow required envelope',
    ],
    ['a user, whoever writes', [classes, rightsOf(BOB, { archiving: 'body' })], inbound(), 'allow required body'],
    [
      'a user, to a public network',
      [classes, rightsOf(BOB, { archiving: 'body' })],
      outbound({ toDomain: 'cloud.example' }),
      'allow required body',
    ],
    ['never of a user', [rightsOf(BOB, { archiving: 'off' })], outbound(), 'allow off'],
    ['a group', [group('board', [BOB], { archiving: 'envelope' })], outbound(), 'allow required envelope'],
    [
      'of two groups the one that keeps more',
      [group('a', [BOB], { archiving: 'off' }), group('b', [BOB], { archiving: 'envelope' })],
      outbound(),
      'allow required envelope',
    ],
    ['the user over the group', [group('a', [BOB], { archiving: 'body' }), rightsOf(BOB, { archiving: 'off' })], inbound(), 'allow off'],
    [
      'of two own users the one of whom more is kept',
      [rightsOf(BOB, { archiving: 'off' }), rightsOf(CAROL, { archiving: 'envelope' })],
      inside,
      'allow required envelope',
    ],
    ['nothing of anybody', [archiving({ duty: 'off' }), rightsOf(BOB, { archiving: 'body' })], inbound(), 'allow off body'],
    [
      'what is refused, too',
      [object('BlockEntry', 'b', { domain: 'fabrikam.example', owner: 'o', reason: 'r' }), rightsOf(BOB, { archiving: 'envelope' })],
      inbound(),
      'deny required envelope',
    ],
  ]
  for (const [name, objects, input, expected] of rows) {
    it(name, () => assert.equal(kept(objects, input), expected.replace('off body', 'off')))
  }

  it('asks for the facts of a user whose groups are in the directory, also for what ends a call', () => {
    const objects = [userSettings({ lookUp: true }), group('board', [], { archiving: 'off' })]
    const bye = { method: 'BYE', kind: 'session', isInDialog: true } as const
    assert.equal(kept(objects, inbound(bye)), 'needs facts')
    const facts = (): ReturnType<typeof known> => known({ groups: ['board'] })
    assert.equal(kept(objects, inbound({ ...bye, facts })), 'allow off')
  })

  it('is explained with the object that says so', () => {
    const decision = explain(snapshotOf(...base, rightsOf(BOB, { archiving: 'envelope' })), inbound(), new DecisionState())
    assert.ok(!('need' in decision))
    const step = decision.proof.find(({ rule }) => rule === 'archive-duty')
    assert.match(`${step?.detail} ${step?.source}`, /^required, without body UserRights\//)
  })
})
