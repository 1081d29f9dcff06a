import { messageOf } from '@gatehouse/errors'
import type { Decision, InspectorCall, EnvelopeKind as Kind, MessageContent } from '@gatehouse/im-model'
import { type PolicyCode, policyCodes } from '@gatehouse/policy-engine'
import { EnvelopeKind, InspectVerdict } from '@gatehouse/proto'
import type { Span } from '@gatehouse/telemetry'

const KINDS: Readonly<Record<Kind, EnvelopeKind>> = {
  message: EnvelopeKind.MESSAGE,
  typing: EnvelopeKind.TYPING,
  receipt: EnvelopeKind.RECEIPT,
  presence: EnvelopeKind.PRESENCE,
  session: EnvelopeKind.SESSION,
  other: EnvelopeKind.OTHER,
}
const WARNING = 'The message was not delivered because of its content'
const LONGEST_REASON = 500

/** One question to an inspector; `gatehouse/v1/inspector.proto`. */
export interface InspectQuestion {
  readonly kind: EnvelopeKind
  readonly method: string
  readonly fromAddress: string
  readonly toAddress: string
  readonly conversation: string
  readonly direction: string
  readonly partner: string
  readonly mark: string
  readonly contentType: string
  readonly body: Uint8Array
  readonly text: string
}

export interface InspectAnswer {
  readonly verdict: InspectVerdict
  readonly reason: string
  readonly body: Uint8Array
}

/** Asks the service at the call's target; rejects when it cannot be reached or takes too long. `span`: of a message that is followed. */
export type AskInspector = (call: InspectorCall, question: InspectQuestion, span?: Span) => Promise<InspectAnswer>

/** A message as the service that took it in knows it. */
export interface InspectedMessage {
  readonly kind: Kind
  readonly method: string
  readonly fromAddress: string
  readonly toAddress: string
  readonly conversation: string
  /** What it carries for people to read, as it came. */
  readonly content: MessageContent
  /** The text in a content: of an INVITE the message that rides in a header. */
  textIn(content: MessageContent): { readonly contentType: string; readonly body: Uint8Array }
  /** The content with another text in the place of its own. */
  withText(content: MessageContent, body: Uint8Array): MessageContent
}

/** Asks one inspector after another, each about what the one before it left. Never rejects; gives the decision that then stands. */
export async function inspectMessage(before: Decision, message: InspectedMessage, ask: AskInspector): Promise<Decision> {
  let decision = before
  for (const call of before.inspectors ?? []) {
    decision = await askOne(message, decision, call, ask)
    if (decision.verdict === 'deny') return decision
  }
  return decision
}

async function askOne(message: InspectedMessage, decision: Decision, call: InspectorCall, ask: AskInspector): Promise<Decision> {
  const content = decision.rewrite ?? message.content
  const text = message.textIn(content)
  if (text.body.byteLength === 0) return decision
  let answer: InspectAnswer
  try {
    answer = await ask(call, questionAbout(message, decision, text))
  } catch (thrown) {
    return failed(decision, call, messageOf(thrown))
  }
  const reason = answer.reason.slice(0, LONGEST_REASON)
  switch (answer.verdict) {
    case InspectVerdict.ALLOW:
      return withStep(decision, call, 'pass', reason)
    case InspectVerdict.BLOCK:
      return refused(decision, call, 'GH-POLICY-INSPECTOR-BLOCKED', reason, WARNING)
    case InspectVerdict.ALTER:
      if (call.isObserving) return withStep(decision, call, 'altered', `observed, not enforced: ${reason}`)
      return { ...withStep(decision, call, 'altered', reason), rewrite: message.withText(content, answer.body) }
    case InspectVerdict.UNSPECIFIED:
      return failed(decision, call, 'It gave no verdict.')
    default:
      return failed(decision, call, 'It gave an unknown verdict.')
  }
}

function questionAbout(message: InspectedMessage, decision: Decision, text: ReturnType<InspectedMessage['textIn']>): InspectQuestion {
  const { kind, method, fromAddress, toAddress, conversation } = message
  const { direction, partner, mark } = decision
  return {
    kind: KINDS[kind],
    method,
    fromAddress,
    toAddress,
    conversation,
    direction,
    partner,
    mark,
    contentType: text.contentType,
    body: text.body,
    text: text.contentType.toLowerCase().startsWith('text/') ? Buffer.from(text.body).toString('utf8') : '',
  }
}

function failed(decision: Decision, call: InspectorCall, detail: string): Decision {
  if (call.failsOpen) return withStep(decision, call, 'failed-open', detail)
  return refused(decision, call, 'GH-POLICY-INSPECTOR-AWAY', detail, undefined)
}

function withStep(decision: Decision, call: InspectorCall, code: string, detail: string): Decision {
  return { ...decision, proof: [...decision.proof, { rule: 'inspector', code, detail, source: call.source }] }
}

function refused(decision: Decision, call: InspectorCall, code: PolicyCode, detail: string, warning: string | undefined): Decision {
  if (call.isObserving) {
    const step = { rule: 'inspector', code, detail, source: call.source }
    return { ...decision, observed: [...(decision.observed ?? []), step] }
  }
  const entry: { summary: string; sip?: number; diagnostics?: number } = policyCodes[code]
  return {
    ...withStep(decision, call, code, detail),
    verdict: 'deny',
    code,
    rule: 'inspector',
    reason: detail === '' ? entry.summary : `${entry.summary} ${detail}`,
    destination: undefined,
    sipStatus: entry.sip ?? 503,
    diagnostics: entry.diagnostics,
    retryAfterS: code === 'GH-POLICY-INSPECTOR-AWAY' ? 5 : undefined,
    rewrite: undefined,
    warning,
  }
}
