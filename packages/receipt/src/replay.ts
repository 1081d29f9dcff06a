import type { Decision } from '@gatehouse/im-model'
import { DecisionState, type EvidenceNeeded, explain, restoreCounter, type Snapshot } from '@gatehouse/policy-engine'
import type { ArchivedMessage } from './archived-message.ts'
import type { replayCodes } from './errors.ts'

/** Why a message cannot be judged again. */
export interface CannotReplay {
  readonly code: keyof typeof replayCodes
  readonly reason: string
}

/** Refusals that the rules know nothing of. */
const INSPECTOR_CODES: ReadonlySet<string> = new Set(['GH-POLICY-INSPECTOR-BLOCKED', 'GH-POLICY-INSPECTOR-AWAY'])

/** What keeps a message from being judged at all, whatever the policy. */
export function obstacle(message: ArchivedMessage): CannotReplay | undefined {
  if (!message.hasReceipt) return { code: 'GH-REPLAY-NO-RECEIPT', reason: 'it was archived before there were receipts' }
  if (message.namesOmitted > 0) {
    return { code: 'GH-REPLAY-NAMES-CUT', reason: `${message.namesOmitted} names of its certificate were too many to keep` }
  }
  return undefined
}

/** The recorded message under a policy, with the reason of every rule. On the recorded revision verdict and code are the recorded ones. */
export function replay(snapshot: Snapshot, message: ArchivedMessage): Decision | CannotReplay {
  const impossible = obstacle(message)
  if (impossible !== undefined) return impossible
  const state = new DecisionState()
  restoreCounter(state, message.recorded.code, message.recorded.partner, message)
  return completed(message, explain(snapshot, message, state))
}

/** The engine's answer, unless it stands on something that is not there. */
export function completed(message: ArchivedMessage, answer: Decision | EvidenceNeeded): Decision | CannotReplay {
  if ('need' in answer) return needed(answer)
  if (message.isBodyMissed) {
    message.isBodyMissed = false
    return { code: 'GH-REPLAY-NO-BODY', reason: 'a content filter wants to read the text, which the archive does not have in the clear' }
  }
  if (answer.verdict === 'allow' && INSPECTOR_CODES.has(message.recorded.code)) {
    return { code: 'GH-REPLAY-INSPECTOR', reason: 'an inspector refused it, and inspectors are not asked again' }
  }
  return answer
}

/** The policy asks for what the decision of then did not look at. */
function needed(need: EvidenceNeeded): CannotReplay {
  if (need.need === 'facts')
    return { code: 'GH-REPLAY-NO-FACTS', reason: 'the policy asks what is known of a user, which was not looked up then' }
  return { code: 'GH-REPLAY-NO-DNS', reason: 'the policy asks for an SRV record that was not looked up then' }
}
