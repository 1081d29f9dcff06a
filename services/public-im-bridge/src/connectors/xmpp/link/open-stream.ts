import type { Wire } from '@gatehouse/bridge-kit'
import { messageOf } from '@gatehouse/errors'
import { OutgoingStream, type SessionState, type StreamEvent } from '@gatehouse/xmpp-core'
import type { XmppCode } from '../errors.ts'
import { daneOfTarget } from './dane.ts'
import { findTargets, type XmppTarget } from './find-targets.ts'
import type { LinkEnvironment } from './link-environment.ts'
import { certifiesWith, type DaneWord, StreamDriver } from './stream-driver.ts'

export interface OpenRequest {
  readonly local: string
  readonly remote: string
  readonly purpose: 'stanzas' | 'verify'
  readonly session?: SessionState | undefined
  /** Events of the stream once it is ready, and `closed`. */
  readonly onEvent: (event: StreamEvent) => void
}

export type OpenAnswer =
  | { readonly ok: true; readonly driver: StreamDriver; readonly stream: OutgoingStream; readonly isResumed: boolean }
  | { readonly ok: false; readonly code: XmppCode; readonly detail: string }

const CONNECT_TIMEOUT_MS = 10_000
const TLS_TIMEOUT_MS = 15_000

/** Finds the servers of a domain and tries them one after the other until a stream is authenticated. Never rejects. */
export async function openStream(environment: LinkEnvironment, request: OpenRequest): Promise<OpenAnswer> {
  const { config, context } = environment
  const fixed: XmppTarget[] = config.targets.filter(({ domain }) => domain === request.remote)
  const found = fixed.length > 0 ? { ok: true as const, targets: fixed } : await findTargets(context.dns, request.remote)
  if (!found.ok) return found
  let last: OpenAnswer = { ok: false, code: 'GH-XMPP-NO-SERVER', detail: request.remote }
  for (const target of found.targets) {
    last = await tryTarget(environment, request, target)
    if (last.ok) return last
  }
  return last
}

async function tryTarget(environment: LinkEnvironment, request: OpenRequest, target: XmppTarget): Promise<OpenAnswer> {
  const { context } = environment
  let wire: Wire
  try {
    wire = await context.wires.connect({ host: target.host, port: target.port, timeoutMs: CONNECT_TIMEOUT_MS })
    if (target.tls === 'direct') {
      // XEP-0368 §4: the name of the domain, not of the host, and the protocol by ALPN.
      wire = await context.wires.secure(wire, 'client', { name: request.remote, alpn: ['xmpp-server'], timeoutMs: TLS_TIMEOUT_MS })
    }
  } catch (thrown) {
    return { ok: false, code: 'GH-XMPP-CONNECT', detail: `${target.host}:${target.port}: ${messageOf(thrown)}` }
  }
  const word: DaneWord =
    target.tls === 'direct' ? await wordOf(environment, request.remote, target, wire) : { verdict: 'nothing', domain: '' }
  return negotiate(environment, request, target, wire, word)
}

function negotiate(
  environment: LinkEnvironment,
  request: OpenRequest,
  target: XmppTarget,
  wire: Wire,
  word: DaneWord,
): Promise<OpenAnswer> {
  const { config, context, around } = environment
  const nowMs = context.clock.nowMs()
  const stream = new OutgoingStream(
    around,
    {
      local: request.local,
      remote: request.remote,
      tls: target.tls === 'direct' ? 'done' : 'required',
      certifies: target.tls === 'direct' ? certifiesWith(wire, word) : undefined,
      // Who asks about a key believes DNS; that is what dialback is (XEP-0220 §1).
      acceptUncertified: request.purpose === 'verify' || config.outgoing === 'dialback',
      useExternal: config.useExternal,
      useDialback: true,
      wantBidi: config.bidi,
      wantManagement: config.streamManagement,
      purpose: request.purpose,
      session: request.session,
    },
    nowMs,
  )
  return new Promise((resolve) => {
    let isSettled = false
    const settle = (answer: OpenAnswer): void => {
      isSettled = true
      stop()
      resolve(answer)
    }
    const onEvent = (event: StreamEvent): void => {
      if (isSettled) return request.onEvent(event)
      if (event.kind === 'ready') settle({ ok: true, driver, stream, isResumed: event.isResumed })
      else if (event.kind === 'closed') {
        const { by, condition, detail } = event.closing
        const words = `${target.host}:${target.port}: ${condition ?? 'closed'} by ${by}${detail === '' ? '' : `: ${detail}`}`
        settle({ ok: false, code: codeOf(condition, by, detail), detail: words })
      }
    }
    const dane = (secured: Wire): Promise<DaneWord> => wordOf(environment, request.remote, target, secured)
    const driver = new StreamDriver(environment, wire, stream, { role: 'client', tlsName: () => request.remote, dane, onEvent })
    // The negotiation has deadlines of its own; once it is over, whoever has the stream looks at them.
    const stop = context.clock.every(1_000, () => driver.sweep(context.clock.nowMs()))
    stream.start(nowMs)
    driver.pump()
  })
}

/** Servers that the configuration names are not looked up, so DNS has no say in them. */
async function wordOf({ config, context }: LinkEnvironment, domain: string, target: XmppTarget, wire: Wire): Promise<DaneWord> {
  const { secure } = context.dns
  const peer = wire.security?.peer
  if (secure === undefined || peer === undefined || config.targets.some((fixed) => fixed.domain === domain)) {
    return { verdict: 'nothing', domain }
  }
  return { verdict: await daneOfTarget(secure, domain, target, peer), domain }
}

function codeOf(condition: string | undefined, by: string, detail: string): XmppCode {
  if (by === 'us' && condition === 'not-authorized') return detail.startsWith('the certificate') ? 'GH-XMPP-UNCERTIFIED' : 'GH-XMPP-REFUSED'
  return by === 'peer' && condition !== undefined ? 'GH-XMPP-REFUSED' : 'GH-XMPP-CONNECT'
}
