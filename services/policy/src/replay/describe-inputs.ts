import type { ArchivedMessage } from '@gatehouse/receipt'

const MAX_NAMES_SHOWN = 10

/** What a decision looked at, in words, in the order a reader asks: what came, from whom, proven how, known what. */
export function describeInputs(message: ArchivedMessage): { name: string; value: string }[] {
  const { peer, bound, recorded } = message
  const inputs: { name: string; value: string }[] = []
  const add = (name: string, value: string): void => void inputs.push({ name, value })
  add('time', new Date(message.nowMs).toISOString())
  add('came in on', ingressOf(message))
  add('method', message.isInDialog ? `${message.method}, in a dialog` : message.method)
  add('from', `${message.fromUser}@${message.fromDomain}`)
  add('to', `${message.toUser}@${message.toDomain}`)
  if (!message.hasReceipt) return inputs
  if (message.assertedDomains.length > 0) add('also asserted', message.assertedDomains.join(', '))
  if (bound !== undefined) add('connection', `bound to ${bound.peerClass} ${bound.partner} by its first message`)
  if (message.bridge !== undefined) add('evidence', `${message.bridge.evidence}, says the ${message.bridge.protocol} connector`)
  else if (message.side === 'external') {
    add('certificate', peer.isAuthenticated ? namesOf(message) : `not valid: ${peer.refusal?.code ?? 'none'}`)
    if (peer.fingerprint !== '') add('fingerprint', peer.fingerprint)
    if (peer.anchors.length > 0) add('chains to', peer.anchors.join(', '))
    if (!peer.mayBeTlsClient) add('key usage', 'for servers only')
    add('the peer says', message.assertedMark ?? 'nothing of the sender')
  }
  for (const { domain, evidence } of message.usedSrv) {
    const said = evidence.status === 'found' ? evidence.targets.map(({ host, port }) => `${host}:${port}`).join(', ') : evidence.detail
    add(`SRV of ${domain}`, evidence.status === 'failed' ? `failed: ${said}` : said)
  }
  for (const [user, facts] of message.usedFacts) {
    const groups = facts.groups.length === 0 ? '' : `, groups ${facts.groups.join(', ')}`
    const contact =
      facts.contacts.size > 0 ? ', the other end is a contact' : facts.safeList.size > 0 ? ', the other end is on the safe list' : ''
    add(`facts of ${user}`, `${facts.status} (${facts.detail})${groups}${contact}`)
  }
  if (recorded.rule === 'rates') add('counter', `used up (${recorded.code})`)
  return inputs
}

function ingressOf({ side, bridge }: ArchivedMessage): string {
  if (bridge !== undefined)
    return side === 'internal' ? `the bridge, from a home system (${bridge.protocol})` : `the bridge (${bridge.protocol})`
  return side === 'internal' ? 'the internal edge' : 'the external edge'
}

function namesOf({ peer, namesOmitted }: ArchivedMessage): string {
  const { dns, sipDomains, commonName } = peer.names
  const all = [...sipDomains.map((domain) => `sip:${domain}`), ...dns]
  if (all.length === 0) return `common name ${commonName ?? 'absent'}`
  const more = all.length + namesOmitted - MAX_NAMES_SHOWN
  return all.slice(0, MAX_NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
