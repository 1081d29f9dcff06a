import type { DecisionInput } from '../input.ts'

/** ACK and CANCEL belong to a request that was decided on, BYE to a dialog (RFC 3261 §9, §15, §17.1.1.3); refusing them helps nobody. */
export function endsExchange(input: DecisionInput): boolean {
  return input.method === 'ACK' || input.method === 'CANCEL' || (input.method === 'BYE' && input.isInDialog)
}
