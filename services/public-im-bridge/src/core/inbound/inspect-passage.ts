import type { Decision } from '@gatehouse/im-model'
import { type AskInspector, inspectMessage } from '@gatehouse/inspection'
import type { Passage } from './passage.ts'

/** Shows the passage to the inspectors that its decision names. Never rejects. */
export async function inspectPassage(passage: Passage, decision: Decision, ask: AskInspector): Promise<Decision> {
  const content = passage.content()
  if (content === undefined) return decision
  const { kind, method, fromAddress, toAddress, conversation } = passage
  return await inspectMessage(
    decision,
    {
      kind,
      method,
      fromAddress,
      toAddress,
      conversation,
      content,
      textIn: (each) => each,
      withText: (each, body) => ({ ...each, body }),
    },
    (call, question) => ask(call, question, passage.trace?.stage),
  )
}
