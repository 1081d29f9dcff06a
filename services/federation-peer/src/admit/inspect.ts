import type { Decision } from '@gatehouse/im-model'
import { type AskInspector, inspectMessage } from '@gatehouse/inspection'
import type { Passage } from '../session/passage.ts'
import { carriedContent, withText } from './carried-content.ts'
import { textIn } from './first-message.ts'

/** Shows the passage to the inspectors that its decision names. Never rejects; gives the decision that then stands. */
export async function inspect(passage: Passage, ask: AskInspector): Promise<Decision> {
  const decision = passage.decision as Decision
  const { request } = passage
  const content = carriedContent(request)
  if (content === undefined) return decision
  return await inspectMessage(
    decision,
    {
      kind: passage.kind,
      method: passage.method,
      fromAddress: `${passage.fromUser}@${passage.fromDomain}`,
      toAddress: `${passage.toUser}@${passage.toDomain}`,
      conversation: passage.callId,
      content,
      textIn: (each) => (request.method === 'INVITE' ? textIn(request, each) : each),
      withText: (each, body) => withText(request, each, body),
    },
    (call, question) => ask(call, question, passage.trace?.stage),
  )
}
