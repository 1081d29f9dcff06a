import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SeenSpan, spanTree } from '@gatehouse/telemetry/test'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { headerOf, statusOf, type WireMessage } from '../peers-kit/wire-message.ts'
import { skipWithoutXmppUser } from '../peers-kit/xmpp-user.ts'
import { JABBER, startTracedSite } from '../tracing/traced-site.ts'

const OPTIONS = { skip: skipWithout('kamailio', 'kamcmd', 'prosody', 'nats-server') || skipWithoutXmppUser(), timeout: 180_000 }
const PLAIN = ['Content-Type', 'text/plain;charset=UTF-8'] as const
/** Stand in bodies and nowhere else; none may come up in logs, spans or metrics. */
const CANARIES = ['zq-canary-to-xmpp', 'zq-canary-from-xmpp', 'zq-canary-to-partner', 'zq-canary-from-partner']
const PEOPLE = ['alice', 'carol', 'bob']
const THEIRS = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

const named =
  (name: string) =>
  (span: SeenSpan): boolean =>
    span.name === name
const hasAll =
  (...names: readonly string[]) =>
  (spans: readonly SeenSpan[]): boolean =>
    names.every((name) => spans.some(named(name)))

function linesOf(spans: readonly SeenSpan[]): string[] {
  return spanTree(spans, { isTimeless: true })
    .split('\n')
    .map((line) => line.replaceAll(/ {2,}/g, ' '))
}

function assertNoTrace(message: WireMessage): void {
  const headers = message.headers.map(([name]) => name.toLowerCase())
  for (const name of ['traceparent', 'tracestate', 'x-traceparent', 'baggage']) assert.ok(!headers.includes(name), `${name} went out`)
}

test(
  'A message is one trace across services in processes of their own, and nothing of it reaches the peers',
  OPTIONS,
  withRack('message-trace', async (rack, t) => {
    const site = await startTracedSite(rack)
    const { alice, bob, carol, collector } = site

    await rack.step(t, 'SIP to XMPP', async () => {
      const sent = await alice.request('MESSAGE', `sip:bob@${JABBER}`, { headers: [PLAIN], body: CANARIES[0] as string })
      assert.equal(statusOf(sent), 200, sent.startLine)
      const seen = await bob.whenSeen(({ body }) => body === CANARIES[0])
      const spans = await collector.whenWhole(
        named('MESSAGE internal'),
        hasAll('MESSAGE internal', 'archive.commit', 'send xmpp', 'process gh.v1.deliver.xmpp'),
      )
      assert.ok(!seen.xml.includes('traceparent') && !seen.xml.includes(spans[0]?.traceId ?? ''), seen.xml)
      assert.deepEqual(linesOf(spans), [
        'MESSAGE internal federation-peer',
        '├─ decide federation-peer',
        '├─ archive.append federation-peer',
        '│ └─ archive.commit archive',
        '├─ route federation-peer',
        '└─ send gh.v1.deliver.xmpp federation-peer',
        ' └─ process gh.v1.deliver.xmpp public-im-bridge',
        ' └─ send xmpp public-im-bridge',
      ])
    })

    await rack.step(t, 'XMPP to SIP', async () => {
      bob.send(`<message to='alice@contoso.example' type='chat' id='b1'><body>${CANARIES[1]}</body></message>`)
      const got = await alice.waitForRequest('MESSAGE', (request) => request.body === CANARIES[1])
      assertNoTrace(got)
      const spans = await collector.whenWhole(
        named('message xmpp external'),
        hasAll('message xmpp external', 'archive.commit', 'process gh.v1.deliver.sip'),
      )
      assert.deepEqual(linesOf(spans), [
        'message xmpp external public-im-bridge',
        '├─ decide public-im-bridge',
        '├─ archive.append public-im-bridge',
        '│ └─ archive.commit archive',
        '└─ send gh.v1.deliver.sip public-im-bridge',
        ' └─ process gh.v1.deliver.sip federation-peer',
      ])
    })

    await rack.step(t, 'to a partner: no header of ours, and none of the inside’s', async () => {
      const headers = [PLAIN, ['Traceparent', THEIRS], ['X-Unheard-Of', 'kept']] as const
      const sent = await alice.request('MESSAGE', 'sip:carol@fabrikam.example', { headers, body: CANARIES[2] as string })
      assert.equal(statusOf(sent), 200, sent.startLine)
      const got = await carol.waitForRequest('MESSAGE', (request) => request.body === CANARIES[2])
      assertNoTrace(got)
      assert.equal(headerOf(got, 'X-Unheard-Of'), 'kept')
    })

    await rack.step(t, 'from a partner: its trace is not ours, and stays outside', async () => {
      const headers = [PLAIN, ['Traceparent', THEIRS], ['Tracestate', 'a=b'], ['X-Unheard-Of', 'kept']] as const
      const sent = await carol.request('MESSAGE', 'sip:alice@contoso.example', { headers, body: CANARIES[3] as string })
      assert.equal(statusOf(sent), 200, sent.startLine)
      const got = await alice.waitForRequest('MESSAGE', (request) => request.body === CANARIES[3])
      assertNoTrace(got)
      assert.equal(headerOf(got, 'X-Unheard-Of'), 'kept')
      const spans = await collector.whenWhole(
        (span) => span.name === 'MESSAGE external' && span.kind === 'server',
        hasAll('MESSAGE external', 'archive.commit', 'MESSAGE internal'),
      )
      assert.ok(spans.every(({ traceId, links }) => !THEIRS.includes(traceId) && links.length === 0))
    })

    await rack.step(t, 'an operator looks at the partner’s messages on the wire, for a while', async () => {
      const args = ['peers', 'trace', 'fabrikam.example', '--minutes', '1', '--messages', '2', '--connect', site.edgeSocket]
      const looking = await site.startCli(/are shown until/, ...args)
      const headers = [PLAIN, ['X-Login-Token', 'zq-canary-secret']] as const
      const sent = await carol.request('MESSAGE', 'sip:alice@contoso.example', { headers, body: CANARIES[3] as string })
      assert.equal(statusOf(sent), 200, sent.startLine)
      assert.equal(await looking.ended, 0)
      const shown = looking.output()
      assert.match(shown, /<- fabrikam [\d.:]+ external edge-0\n {2}MESSAGE sip:alice@contoso\.example SIP\/2\.0\n/)
      assert.match(shown, /-> fabrikam [\d.:]+ external edge-0\n {2}SIP\/2\.0 200 /)
      assert.match(shown, /X-Login-Token: \[redacted\]/)
      assert.match(shown, /\[22 bytes\]/)
      assert.ok(!shown.includes('zq-canary'), shown)
      assert.match(site.logs(), /a SIP trace was switched on/)
    })

    await rack.step(t, 'what is said in all this names nobody and quotes nothing', async () => {
      await site.stopServices()
      const told = `${collector.texts.join('\n')}\n${site.logs()}`
      assert.ok(told.includes('gatehouse.from') && told.includes('h~'), 'there is something to look at')
      for (const canary of CANARIES) assert.ok(!told.includes(canary) && !told.includes(Buffer.from(canary).toString('base64')), canary)
      for (const person of PEOPLE) {
        const at = new RegExp(`${person}@`, 'i').exec(told)
        assert.equal(at, null, at === null ? '' : told.slice(Math.max(0, at.index - 200), at.index + 100))
      }
    })
  }),
)

test(
  'A partner that policy names is told of our trace and heard with its own, as a neighbour',
  OPTIONS,
  withRack('partner-trace', async (rack) => {
    const { alice, carol, collector } = await startTracedSite(rack, { partner: { traceContext: 'both' } })
    const out = await alice.request('MESSAGE', 'sip:carol@fabrikam.example', { headers: [PLAIN], body: 'to you' })
    assert.equal(statusOf(out), 200, out.startLine)
    const got = await carol.waitForRequest('MESSAGE', (request) => request.body === 'to you')
    const spans = await collector.whenWhole(named('MESSAGE internal'), hasAll('MESSAGE internal', 'MESSAGE external'))
    const handOver = spans.find(named('MESSAGE external'))
    assert.equal(headerOf(got, 'Traceparent'), `00-${handOver?.traceId}-${handOver?.spanId}-01`)
    const sent = await carol.request('MESSAGE', 'sip:alice@contoso.example', { headers: [PLAIN, ['Traceparent', THEIRS]], body: 'to me' })
    assert.equal(statusOf(sent), 200, sent.startLine)
    const isIngress = (span: SeenSpan): boolean => span.name === 'MESSAGE external' && span.kind === 'server'
    const [root] = (await collector.whenWhole(isIngress, (all) => all.some(isIngress))).filter(isIngress)
    assert.notEqual(root?.traceId, THEIRS.slice(3, 35))
    assert.deepEqual(root?.links, [{ traceId: THEIRS.slice(3, 35), spanId: THEIRS.slice(36, 52) }])
  }),
)
