/** One conversation, one link: else two of its messages could overtake each other. A few characters of a Call-ID tell enough apart. */
export function affinityOf(callId: string): number {
  let sum = callId.length
  for (let at = 0; at < callId.length && at < 12; at++) sum = (sum * 31 + callId.charCodeAt(at)) & 0xffffff
  return sum
}
