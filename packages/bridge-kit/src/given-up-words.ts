import type { Handover } from './handover.ts'

/**
 * What somebody is told in words when the gate gave up a message of theirs that waited. Undefined: the handover tells nothing of that kind.
 * The time and the other person say which message is meant; its text is not repeated.
 */
export function givenUpWords({ envelope: { from, content } }: Pick<Handover, 'envelope'>): string | undefined {
  if (content.kind !== 'receipt' || content.acceptedAtMs === undefined) return undefined
  if (content.state !== 'failed' && content.state !== 'error') return undefined
  const time = `${new Date(content.acceptedAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const which = `Your message of ${time} to ${from.user}@${from.domain}`
  if (content.state === 'error') return `${which} may not have been delivered: the connection broke off. Please ask.`
  if (content.code === 'GH-OUTBOX-EXPIRED') return `${which} was not delivered: the other side could not be reached in time.`
  return `${which} was not delivered.`
}
