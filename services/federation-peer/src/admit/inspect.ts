import { messageOf } from '@gatehouse/errors'
import type { Decision, InspectorCall, MessageContent } from '@gatehouse/im-model'
import { type PolicyCode, policyCodes } from '@gatehouse/policy-engine'
import { EnvelopeKind, InspectVerdict } from '@gatehouse/proto'
import type { Passage } from '../session/passage.ts'
import { carriedContent, withText } from './carried-content.ts'
import { type carriedText, textIn } from './first-message.ts'

const KINDS: Readonly<Record<Passage['kind'], EnvelopeKind>> = {
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

/** Asks the service at the call's target; rejects when it cannot be reached or takes too long. */
export type AskInspector = (call: InspectorCall, question: InspectQuestion) => Promise<InspectAnswer>

/** Asks one inspector after another, each about what the one before it left. Never rejects; gives the decision that then stands. */
export async function inspect(passage: Passage, ask: AskInspector): Promise<Decision> {
  let decision = passage.decision as Decision
  const before = carriedContent(passage.request)
  if (before === undefined) return decision
  for (const call of decision.inspectors ?? []) {
    const content = decision.rewrite ?? before
    decision = await askOne(passage, decision, call, content, ask)
    if (decision.verdict === 'deny') return decision
  }
  return decision
}

async function askOne(
  passage: Passage,
  decision: Decision,
  call: InspectorCall,
  content: MessageContent,
  ask: AskInspector,
): Promise<Decision> {
  const text = passage.request.method === 'INVITE' ? textIn(passage.request, content) : content
  if (text.body.byteLength === 0) return decision
  let answer: InspectAnswer
  try {
    answer = await ask(call, questionAbout(passage, decision, text))
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
      return { ...withStep(decision, call, 'altered', reason), rewrite: withText(passage.request, content, answer.body) }
    case InspectVerdict.UNSPECIFIED:
      return failed(decision, call, 'It gave no verdict.')
    default:
      return failed(decision, call, 'It gave an unknown verdict.')
  }
}

function questionAbout(passage: Passage, decision: Decision, text: ReturnType<typeof carriedText>): InspectQuestion {
  return {
    kind: KINDS[passage.kind],
    method: passage.method,
    fromAddress: `${passage.fromUser}@${passage.fromDomain}`,
    toAddress: `${passage.toUser}@${passage.toDomain}`,
    conversation: passage.callId,
    direction: decision.direction,
    partner: decision.partner,
    mark: decision.mark,
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
