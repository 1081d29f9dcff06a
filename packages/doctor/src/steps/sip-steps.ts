import { createResponse, type SipRequest } from '@gatehouse/sip-core'
import type { DoctorGate } from '../doctor-gate.ts'
import type { Examination } from '../examination.ts'
import { answerText, judgeEcho, judgeOptions } from '../judge/judge-answer.ts'
import type { Fact } from '../report.ts'
import { firstRequest } from '../wire/first-request.ts'
import { SipWire } from '../wire/sip-wire.ts'
import { type Step, skipped } from './step.ts'

/** An edge that ends the connection after its answer does it at once. */
const CLOSES_WITHIN_MS = 150

/** The gate says nothing to a peer that it does not trust, so neither does the doctor. */
const UNTRUSTED = 'the gate would not talk to this peer: mend what stands above first'

export const optionsStep: Step = {
  name: 'options',
  run: async (examination, gate) => {
    const { dialed, options, plan } = examination
    if (dialed === undefined || dialed.socket.destroyed) return skipped('there is no TLS connection')
    if (!isTheRightPeer(examination, gate)) return skipped(UNTRUSTED)
    const wire = new SipWire(dialed.socket, {
      newToken: gate.newToken,
      sentBy: { host: gate.ownName, port: 5061 },
      onRequest: (request) => onRequest(examination, request),
    })
    examination.wire = wire
    const request = firstRequest('OPTIONS', { from: options.from, to: plan.domain, newToken: gate.newToken })
    const startedMs = performance.now()
    const answer = await wire.request(request, options.timeoutMs)
    const answerMs = performance.now() - startedMs
    const isAnswered = answer.kind === 'response'
    const isOpenAfter = isAnswered && !(await wire.endsWithin(CLOSES_WITHIN_MS))
    const facts: Fact[] = [['call-id', request.callId() ?? '']]
    if (isAnswered) facts.push(['answer', answerText(answer.response)], ['time', `${answerMs.toFixed(1)} ms`])
    return { findings: judgeOptions(answer, wire.strayResponses, isOpenAfter), facts }
  },
}

export const echoStep: Step = {
  name: 'echo',
  run: async (examination, gate) => {
    const { wire, options } = examination
    if (options.echoTo === '') return skipped('not asked for')
    if (wire === undefined || !wire.isOpen) return skipped('there is no SIP connection')
    const token = gate.newToken()
    const body = Buffer.from(`Gatehouse doctor ${token}`, 'utf8')
    const seenHere = Promise.withResolvers<boolean>()
    examination.onMessage = (request) => {
      if (Buffer.from(request.body).includes(token)) seenHere.resolve(true)
    }
    const message = firstRequest('MESSAGE', { from: options.from, to: options.echoTo, newToken: gate.newToken }, TEXT, body)
    const seenByEdge = gate.echo?.seen(token, options.timeoutMs)
    const startedMs = performance.now()
    const answer = await wire.request(message, options.timeoutMs)
    const isAccepted = answer.kind === 'response' && answer.response.status < 300
    const isSeen = isAccepted && (await firstTrue(seenHere.promise, seenByEdge, options.timeoutMs))
    const facts: Fact[] = [['to', options.echoTo]]
    if (isSeen) facts.push(['back after', `${(performance.now() - startedMs).toFixed(1)} ms`])
    return { findings: judgeEcho(answer, isSeen, gate.echo !== undefined), facts }
  },
}

const TEXT = [['Content-Type', 'text/plain;charset=UTF-8']] as const

/** Answers what the partner sends on our connection: the echo, as a rule. */
function onRequest(examination: Examination, request: SipRequest): void {
  if (request.method === 'ACK') return
  examination.onMessage?.(request)
  examination.wire?.respond(createResponse(request, request.method === 'MESSAGE' || request.method === 'OPTIONS' ? 200 : 405))
}

function isTheRightPeer({ peer, plan, options, place }: Examination, gate: DoctorGate): boolean {
  return peer !== undefined && gate.judge(peer, plan, (options.at?.serverName ?? '') || (place?.host ?? '')) === undefined
}

function firstTrue(here: Promise<boolean>, edge: Promise<boolean> | undefined, timeoutMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), timeoutMs)
  const isSeen = (seen: boolean): void => {
    if (seen) resolve(true)
  }
  void here.then(isSeen)
  void edge?.then(isSeen)
  return promise.finally(() => clearTimeout(timer))
}
