/**
 * What a network does with a feature:
 * `rejected` the message is refused because of it · `dropped` the feature is lost without a word · `fallback` it is put into plain words
 * · `partial` it arrives with losses · `full` it arrives as sent.
 */
export const CAPABILITY_LEVELS = ['rejected', 'dropped', 'fallback', 'partial', 'full'] as const

export type CapabilityLevel = (typeof CAPABILITY_LEVELS)[number]

export const CAPABILITY_FEATURES = [
  'richText', //           `MessageEvent.html`
  'subject', //            `MessageEvent.subject`
  'correction', //         `MessageEvent.replaces`
  'files', //              `MessageEvent.files`: links, never bytes
  'typing', //             `TypingEvent`
  'deliveredReceipt', //   the network confirms that a message reached somebody's device
  'displayedReceipt', //   … that it was looked at
  'presence', //           whether somebody is there
  'subscription', //       asking to see it, and answering
  'groups', //             conversations of more than two
  'offline', //            who is away gets the message later, from the network itself
  'refusal', //            the network can tell its sender that we refused a message
] as const

export type CapabilityFeature = (typeof CAPABILITY_FEATURES)[number]

export interface CapabilityLimits {
  /** Longest text of one message, UTF-8; the core splits or refuses longer ones, see `splitting`. */
  readonly maxTextBytes: number
  /** Whether a long text may go as several messages, in order. */
  readonly splitting: 'allowed' | 'refused'
  /** Age up to which a message may be corrected, seconds; 0: no limit. */
  readonly maxCorrectionAgeS: number
  /** Messages per second that one account (or server) may send before the network objects; 0: no limit known. */
  readonly messagesPerSecond: number
}

/** What a network can do, as data: the core and displays read it, nobody asks for names of networks. */
export interface Capabilities {
  readonly features: Readonly<Record<CapabilityFeature, CapabilityLevel>>
  readonly limits: CapabilityLimits
}

/** Whether the feature reaches the other side at all, be it with losses. */
export function carries(capabilities: Capabilities, feature: CapabilityFeature): boolean {
  const level = capabilities.features[feature]
  return level === 'full' || level === 'partial'
}

/** The same text for the same capabilities: what a display compares to notice a change. */
export function capabilitiesKey(capabilities: Capabilities): string {
  const features = CAPABILITY_FEATURES.map((feature) => CAPABILITY_LEVELS.indexOf(capabilities.features[feature])).join('')
  const { maxTextBytes, splitting, maxCorrectionAgeS, messagesPerSecond } = capabilities.limits
  return `${features}-${maxTextBytes}-${splitting === 'allowed' ? 1 : 0}-${maxCorrectionAgeS}-${messagesPerSecond}`
}
