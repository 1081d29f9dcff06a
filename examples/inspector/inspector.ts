import { InspectVerdict } from '@gatehouse/proto'

/** What an inspector needs of the request; see `proto/gatehouse/v1/inspector.proto`. */
export interface Question {
  readonly fromAddress: string
  readonly text: string
}

export interface Answer {
  readonly verdict: InspectVerdict
  readonly reason: string
  readonly body: Uint8Array
}

const CARD = /\b\d{4}(?:[ -]?\d{4}){3}\b/g

/** Blocks messages that name the secret project, hides card numbers, lets the rest pass. */
export function inspect(question: Question): Answer {
  const { text } = question
  const nothing = new Uint8Array(0)
  if (text.toLowerCase().includes('project falcon')) {
    return { verdict: InspectVerdict.BLOCK, reason: 'it names the secret project', body: nothing }
  }
  const hidden = text.replace(CARD, '[card number]')
  if (hidden === text) return { verdict: InspectVerdict.ALLOW, reason: '', body: nothing }
  return { verdict: InspectVerdict.ALTER, reason: 'a card number was hidden', body: new TextEncoder().encode(hidden) }
}
