// Prints the trace of one message from a SIP user on Kamailio to an XMPP user on Prosody, every service a process of its own:
//   node_modules/.bin/node --conditions=@gatehouse/source test-integration/tracing/show-trace.ts
import { spanTree } from '@gatehouse/telemetry/test'
import { PeerRack } from '../peers-kit/peer-rack.ts'
import { JABBER, startTracedSite } from './traced-site.ts'

const rack = new PeerRack('show-trace')
let isFailed = true
try {
  const { alice, bob, collector } = await startTracedSite(rack)
  const send = (text: string) =>
    alice.request('MESSAGE', `sip:bob@${JABBER}`, { headers: [['Content-Type', 'text/plain;charset=UTF-8']], body: text })
  // the first one opens the links, which is not what the page is about
  await send('hello')
  await send('and again')
  await bob.whenSeen(({ body }) => body === 'and again')
  const isRoot = ({ name }: { name: string }): boolean => name === 'MESSAGE internal'
  await collector.whenWhole(isRoot, (spans) => spans.some(isRoot))
  await collector.whenWhole(
    (span) => isRoot(span) && span !== collector.spans.find(isRoot),
    (spans) => spans.some(isRoot) && spans.some(({ name }) => name === 'send xmpp') && spans.some(({ name }) => name === 'archive.commit'),
  )
  const last = collector.spans.filter(isRoot).at(-1)
  const spans = collector.spans.filter(({ traceId }) => traceId === last?.traceId)
  process.stdout.write(`trace ${last?.traceId}\n${spanTree(spans)}\n\n${last?.name}:\n`)
  for (const [name, value] of Object.entries(last?.facts ?? {}).toSorted(([one], [other]) => one.localeCompare(other)))
    process.stdout.write(`  ${name} = ${String(value)}\n`)
  isFailed = false
} finally {
  await rack.stop({ isFailed })
}
