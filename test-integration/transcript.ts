// What one message looks like on the wire: starts the set-up of the Kamailio tests, sends a message each way and writes down what both
// Kamailios decrypted (module sipdump). Run: node --conditions=@gatehouse/source test-integration/transcript.ts
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Federation, startFederation } from './peers-kit/federation.ts'
import { PeerRack } from './peers-kit/peer-rack.ts'
import { exchangeMessages } from './peers-kit/scenarios.ts'

interface Packet {
  readonly at: number
  readonly seenBy: string
  readonly direction: 'received' | 'sent'
  readonly transport: string
  readonly from: string
  readonly to: string
  readonly text: string
}

const page = join(import.meta.dirname, '../docs/transcript-kamailio.md')
const rack = new PeerRack('transcript')
let isFailed = true
try {
  const federation = await startFederation(rack, { hasTrace: true })
  const alice = federation.contoso.phones['alice']!
  const bob = federation.fabrikam.phones['bob']!
  await exchangeMessages(alice, bob)
  const packets = [
    ...packetsOf('Kamailio of contoso', await completeTrace(federation, 'contoso')),
    ...packetsOf('Kamailio of fabrikam', await completeTrace(federation, 'fabrikam')),
  ].sort((a, b) => a.at - b.at)
  writeFileSync(page, render(packets, federation))
  process.stdout.write(`${packets.length} packets written to docs/transcript-kamailio.md\n`)
  isFailed = false
} finally {
  await rack.stop({ isFailed })
}

/** sipdump writes from a process of its own, so its file is read until both answers are in it. */
async function completeTrace(federation: Federation, side: 'contoso' | 'fabrikam'): Promise<string> {
  const deadline = performance.now() + 10_000
  for (;;) {
    const trace = federation[side].kamailio.trace()
    if (trace.split('SIP/2.0 200 OK').length - 1 >= 4 && trace.trimEnd().endsWith('||||||||||||||||||||')) return trace
    if (performance.now() > deadline) throw new Error(`the trace of ${side} is not complete`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

function packetsOf(seenBy: string, trace: string): Packet[] {
  return trace
    .split('====================\n')
    .filter((block) => block.includes('~~~~'))
    .map((block) => {
      const [head = '', rest = ''] = block.split('~~~~~~~~~~~~~~~~~~~~\n')
      const fact = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(head)?.[1] ?? ''
      return {
        at: Number(fact('time')),
        seenBy,
        direction: fact('tag') === 'rcv' ? 'received' : 'sent',
        transport: fact('proto').split(' ')[0] ?? '',
        from: `${fact('srcip')}:${fact('srcport')}`,
        to: `${fact('dstip')}:${fact('dstport')}`,
        text: rest.split('||||||||||||||||||||')[0] ?? '',
      } satisfies Packet
    })
}

function render(packets: readonly Packet[], federation: Federation): string {
  const start = packets[0]?.at ?? 0
  const { contoso, fabrikam } = federation
  // Ports are chosen anew in every run; the page names their roles instead, so that two runs can be compared.
  const roles: readonly (readonly [string, string])[] = [
    [`:${contoso.site.tlsPort}`, ':<home tls>'],
    [`:${contoso.site.usersPort}`, ':<home users>'],
    [`:${fabrikam.site.tlsPort}`, ':<partner tls>'],
    [`:${fabrikam.site.usersPort}`, ':<partner users>'],
    ...Object.entries({ ...contoso.site.phonePorts, ...fabrikam.site.phonePorts }).map(
      ([user, port]) => [`:${port}`, `:<${user}>`] as const,
    ),
    [`:${contoso.kamailio.plan.gate.port}`, ':<gate internal>'],
    [`:${fabrikam.kamailio.plan.gate.port}`, ':<gate external>'],
  ]
  const named = (text: string): string =>
    roles.reduce(
      (result, [port, role]) => result.replaceAll(port, role).replaceAll(`rport=${port.slice(1)}`, `rport=${role.slice(1)}`),
      text,
    )
  const blocks = packets.map((packet, index) => {
    const ms = ((packet.at - start) * 1000).toFixed(1)
    const title = `## ${index + 1}. ${named(packet.text.split('\n')[0]?.trim() ?? '')}`
    const line = `${packet.seenBy}, ${packet.direction} after ${ms} ms: ${packet.transport} ${named(packet.from)} → ${named(packet.to)}`
    return `${title}\n\n${line}\n\n\`\`\`\n${named(packet.text.replaceAll('\r', '')).trimEnd()}\n\`\`\`\n`
  })
  return `# One message each way through a Kamailio partner

Written by \`test-integration/transcript.ts\` from what the two Kamailios saw after decryption. alice@contoso.example writes to
bob@fabrikam.example, then bob answers with a message of his own.

\`\`\`
alice ── UDP ── Kamailio home.contoso.example ══ mutual TLS ══ Gatehouse sip.contoso.example
                                                                    ║ mutual TLS
                 bob ── UDP ── Kamailio sip.fabrikam.example ═══════╝
\`\`\`

What to look for:

- Towards the partner Gatehouse is the top Via, under the pool's name; the home server's Via stays below it, and Max-Forwards is one less at each hop.
- No header with internal meaning leaves: nothing that begins with \`ms-\` is in what the partner receives.
- Towards the inside Gatehouse adds \`ms-edge-proxy-message-trust\`: who vouched for the sender, how the peer is known, and whether the sender is verified.
- A MESSAGE sets up no dialog; the answers travel back along the Vias on the connections of their requests.

${blocks.join('\n')}`
}
