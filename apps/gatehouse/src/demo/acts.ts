import type { SipUser, UserEvent } from '@gatehouse/lab'
import type { Decision, Envelope } from '@gatehouse/proto'
import { BridgeService, type NetworkState, OutboxService, PolicyDecisionService } from '@gatehouse/proto'
import { type Act, expect } from './act.ts'
import type { Narrator } from './narrator.ts'
import type { Organisation } from './organisation.ts'
import { blockNorthwind } from './policies.ts'
import { newestRecord } from './recorded.ts'
import type { World } from './world.ts'

const PATIENCE_MS = 15_000
const LOOK_MS = 25

/** In the order played; each line says what it shows. */
export const acts: readonly Act[] = [
  { name: 'out', title: 'A message to a partner: Contoso knows Fabrikam by name, Fabrikam finds Contoso by SRV', play: messageOut },
  { name: 'back', title: 'The answer, the same way back', play: messageBack },
  { name: 'session', title: 'A session: first text inside the INVITE, typing, messages, the end', play: session },
  { name: 'presence', title: 'Presence: Dave watches Bob', play: presence },
  {
    name: 'clearinghouse',
    title: 'A message through the clearinghouse, from a member that nobody at Contoso configured',
    play: throughClearinghouse,
  },
  { name: 'stranger', title: 'A stranger, found by SRV: nobody vouches for the sender, so the message is held back', play: stranger },
  { name: 'contact', title: 'The same stranger to somebody who has her on the contact list: it arrives, marked unverified', play: contact },
  { name: 'spoof', title: 'The stranger lies: she says that she is Carol of Fabrikam', play: spoofPartner },
  { name: 'spoof-inside', title: 'She lies again: she says that she is Bob, from inside Contoso', play: spoofInside },
  {
    name: 'jabber',
    title: 'A public network: Alice and somebody on XMPP; the network goes away, and nothing is lost',
    play: publicNetwork,
  },
  { name: 'block', title: 'Contoso blocks a partner while everything runs', play: block },
]

async function messageOut(world: World, narrator: Narrator): Promise<void> {
  await deliver(narrator, world.alice, world.carol, 'Good morning, Carol.', [
    [world.contoso, 'verified'],
    [world.fabrikam, 'verified'],
  ])
}

async function messageBack(world: World, narrator: Narrator): Promise<void> {
  await deliver(narrator, world.carol, world.alice, 'Good morning! The contract is signed.', [
    [world.fabrikam, 'verified'],
    [world.contoso, 'verified'],
  ])
}

async function throughClearinghouse(world: World, narrator: Narrator): Promise<void> {
  await deliver(narrator, world.nina, world.alice, 'Hello from Northwind, we use the same clearinghouse.', [
    [world.clearinghouse, 'verified'],
    [world.contoso, 'verified'],
  ])
}

async function session(world: World, narrator: Narrator): Promise<void> {
  const { alice, carol, contoso, fabrikam } = world
  const sinceUs = nowUs()
  narrator.sends(alice.address, carol.address, 'opens a session: "Do you have a minute?"')
  const { answer, session: opened } = await alice.openSession(carol.address, { firstText: 'Do you have a minute?' })
  expect(answer.status === 200 && opened !== undefined, `the INVITE was answered ${answer.status}`)
  await showDecision(narrator, contoso, alice.address, carol.address, sinceUs, 'allow')
  await showDecision(narrator, fabrikam, alice.address, carol.address, sinceUs, 'allow')
  const first = messageOf(await carol.next('message'))
  expect(first?.text === 'Do you have a minute?' && first.isInSession, 'Carol did not get the first text in the session')
  narrator.outcome(`Carol reads "${first?.text}"`)
  expect((await opened?.sendTyping(true))?.status === 200, 'the typing notice was refused')
  const typing = await carol.next('typing')
  expect(typing.kind === 'typing' && typing.isActive, 'Carol did not see Alice type')
  narrator.outcome('Carol sees that Alice is typing')
  expect((await opened?.sendMessage('About the delivery date …'))?.status === 200, 'a message in the session was refused')
  const second = messageOf(await carol.next('message'))
  expect(second?.text === 'About the delivery date …', 'Carol did not get the second text')
  narrator.outcome(`Carol reads "${second?.text}"`)
  expect((await opened?.close())?.status === 200, 'the session could not be closed')
  expect((await carol.next('session')).kind === 'session', 'Carol never saw the session')
  const closed = await carol.next('session')
  expect(closed.kind === 'session' && closed.change === 'closed', 'Carol did not see the end of the session')
  narrator.outcome('both sides have closed the session')
}

async function presence(world: World, narrator: Narrator): Promise<void> {
  const { bob, dave, contoso } = world
  narrator.sends(dave.address, bob.address, 'SUBSCRIBE presence')
  const { answer, watch } = await dave.watch(bob.address)
  expect(answer.status === 200 && watch !== undefined, `the SUBSCRIBE was answered ${answer.status}`)
  const decision = await explained(contoso, dave.address, bob.address, 'SUBSCRIBE')
  narrator.decided('contoso', { direction: 'inbound', peer: 'asked with explain: presence is not archived', decision })
  narrator.outcome(`Dave sees: Bob is ${presenceText(await dave.next('presence'))}`)
  bob.setPresence(false, 'In a meeting')
  const changed = await dave.next('presence')
  expect(changed.kind === 'presence' && !changed.isOpen && changed.note === 'In a meeting', 'Dave did not see the change')
  narrator.outcome(`Dave sees: Bob is ${presenceText(changed)}`)
  expect((await watch?.stop())?.status === 200, 'the subscription could not be ended')
}

async function stranger(world: World, narrator: Narrator): Promise<void> {
  await refuse(narrator, world.eve, world.alice, world.contoso, 'You have won a prize!', { code: 'GH-POLICY-UNVERIFIED-MESSAGE' })
}

async function contact(world: World, narrator: Narrator): Promise<void> {
  await deliver(narrator, world.eve, world.bob, 'Bob, it is me, from the conference.', [[world.contoso, 'unverified']])
}

async function spoofPartner(world: World, narrator: Narrator): Promise<void> {
  await refuse(narrator, world.eve, world.alice, world.contoso, 'Please send me the price list.', {
    from: world.carol.address,
    code: 'GH-POLICY-SOURCE-CERTIFICATE',
  })
}

async function spoofInside(world: World, narrator: Narrator): Promise<void> {
  await refuse(narrator, world.eve, world.alice, world.contoso, 'Alice, open the door for my guest.', {
    from: world.bob.address,
    code: 'GH-POLICY-SOURCE-INTERNAL',
  })
}

async function publicNetwork(world: World, narrator: Narrator): Promise<void> {
  const { alice, contoso, jabber } = world
  narrator.line(`   ${narrator.style.dim(`jabber.example is ${jabber.made}`)}`)
  const out = async (text: string, status: number): Promise<void> => {
    const sinceUs = nowUs()
    narrator.sends(alice.address, jabber.person, `"${text}"`)
    const answer = await alice.sendMessage(jabber.person, text)
    await showDecision(narrator, contoso, alice.address, jabber.person, sinceUs, 'allow')
    expect(answer.status === status, `the sender was answered ${answer.status} ${answer.reason} instead of ${status}`)
  }
  const reads = async (text: string): Promise<void> => {
    const read = await jabber.nextText()
    expect(read === text, `Juliet read "${read}" instead of "${text}"`)
    narrator.outcome(`Juliet reads "${read}"`)
  }
  await out('Juliet, are you there?', 200)
  await reads('Juliet, are you there?')
  const sinceUs = nowUs()
  narrator.sends(jabber.person, alice.address, '"Since this morning."')
  await jabber.say(alice.address, 'Since this morning.')
  const answer = messageOf(await alice.next('message'))
  expect(answer?.text === 'Since this morning.' && answer.mark === 'verified', 'the answer did not arrive, or not verified')
  await showDecision(narrator, contoso, jabber.person, alice.address, sinceUs, 'allow')
  narrator.outcome('Alice reads it, marked verified: the other server’s certificate vouches for its people')
  await jabber.goAway()
  await until(async () => (await networkOf(contoso))?.peersConnected === 0, 'the gate did not notice that the network is gone')
  narrator.line(`   ${narrator.style.dim('the public network goes away …')}`)
  await out('The train is late.', 202)
  await out('I am on my way now.', 202)
  narrator.outcome('202: kept for when the network is back (gatehouse outbox list)')
  await jabber.comeBack()
  narrator.line(`   ${narrator.style.dim('… and comes back: gatehouse outbox retry')}`)
  await contoso.connection.client(OutboxService).retryOutbox({})
  await reads('The train is late.')
  await reads('I am on my way now.')
}

async function networkOf(organisation: Organisation): Promise<NetworkState | undefined> {
  const { networks } = await organisation.connection.client(BridgeService).listNetworks({})
  return networks[0]
}

async function until(isSo: () => Promise<boolean>, otherwise: string): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    expect(performance.now() < deadlineMs, otherwise)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

async function block(world: World, narrator: Narrator): Promise<void> {
  const revision = await world.contoso.apply('block.yaml', blockNorthwind, { reason: 'contract ended' })
  narrator.line(`   ${narrator.style.dim(`gatehouse apply -f block.yaml: revision ${revision} is in force`)}`)
  await refuse(narrator, world.nina, world.alice, world.contoso, 'One more thing, Alice …', { code: 'GH-POLICY-BLOCKED' })
}

/** Sends a message that has to arrive, shows each gate's decision and how the recipient sees it. */
async function deliver(
  narrator: Narrator,
  from: SipUser,
  to: SipUser,
  text: string,
  path: readonly (readonly [organisation: Organisation, mark: 'verified' | 'unverified'])[],
): Promise<void> {
  const sinceUs = nowUs()
  narrator.sends(from.address, to.address, `"${text}"`)
  const answer = await from.sendMessage(to.address, text)
  for (const [organisation, mark] of path) {
    const decision = await showDecision(narrator, organisation, from.address, to.address, sinceUs, 'allow')
    expect(decision.mark === mark, `${organisation.name} marked it ${decision.mark} instead of ${mark}`)
  }
  expect(answer.status === 200, `the sender was answered ${answer.status} ${answer.reason}`)
  const received = messageOf(await to.next('message'))
  const mark = path.at(-1)?.[1]
  expect(received?.text === text, 'the text did not arrive as it was sent')
  expect(received?.mark === mark, `the recipient sees the mark ${received?.mark} instead of ${mark}`)
  narrator.outcome(`${nameOf(to)} reads it, marked ${received?.mark}; the sender was answered 200 after the archive had it`)
}

/** Sends a message that has to be refused by `gate` with a code, and never to arrive. */
async function refuse(
  narrator: Narrator,
  sender: SipUser,
  to: SipUser,
  gate: Organisation,
  text: string,
  options: { readonly code: string; readonly from?: string },
): Promise<void> {
  const sinceUs = nowUs()
  const from = options.from ?? sender.address
  const before = to.received.length
  narrator.sends(from, to.address, `"${text}"${options.from === undefined ? '' : `  (really from ${sender.address})`}`)
  const answer = await sender.sendMessage(to.address, text, options.from === undefined ? {} : { from: options.from })
  const decision = await showDecision(narrator, gate, from, to.address, sinceUs, 'deny')
  expect(decision.code === options.code, `the code is ${decision.code} instead of ${options.code}`)
  expect(answer.status >= 400, `the sender was answered ${answer.status}`)
  expect(answer.diagnostics === '', `the sender was told why: ${answer.diagnostics}`)
  expect(to.received.length === before, `${nameOf(to)} got it all the same`)
  narrator.outcome(`${nameOf(to)} gets nothing; outside only "${answer.status} ${answer.reason}" is seen, the reason stays inside`)
}

async function showDecision(
  narrator: Narrator,
  organisation: Organisation,
  from: string,
  to: string,
  sinceUs: bigint,
  verdict: 'allow' | 'deny',
): Promise<Decision> {
  const { decision, envelope } = await newestRecord(organisation, from, to, sinceUs)
  narrator.decided(organisation.name, { direction: envelope.direction, peer: wayText(envelope, decision), decision })
  expect(decision.verdict === verdict, `${organisation.name} decided ${decision.verdict}: ${decision.reason}`)
  return decision
}

/** Presence is not archived, so the decision is asked for. */
async function explained(organisation: Organisation, fromAddress: string, toAddress: string, method: string): Promise<Decision> {
  const response = await organisation.connection
    .client(PolicyDecisionService)
    .explain({ question: { fromAddress, toAddress, method, assertedMark: 'verified' } })
  const { decision } = response
  if (decision === undefined) throw new Error('no decision in the answer')
  expect(decision.verdict === 'allow', `${organisation.name} would decide ${decision.verdict}: ${decision.reason}`)
  return decision
}

/** Who stood at the other end, in the words of the record. */
function wayText(envelope: Envelope, decision: Decision): string {
  const { peerClass = '', partner = '' } = envelope.peer ?? {}
  if (peerClass === 'inside') return `from inside to ${decision.destination}`
  return `from ${partner}${peerClass === partner ? '' : ` (${peerClass})`} to ${decision.destination}`
}

function messageOf(event: UserEvent): (UserEvent & { kind: 'message' }) | undefined {
  return event.kind === 'message' ? event : undefined
}

function presenceText(event: UserEvent): string {
  return event.kind === 'presence' ? `${event.isOpen ? 'available' : 'not available'} ("${event.note}")` : 'unknown'
}

function nameOf(user: SipUser): string {
  return user.address.charAt(0).toUpperCase() + user.address.slice(1, user.address.indexOf('@'))
}

function nowUs(): bigint {
  return BigInt(Date.now()) * 1_000n - 1_000n
}
