import type { Capabilities } from '@gatehouse/bridge-kit'

/** What IRC does with each feature of a conversation between two. */
export const ircCapabilities: Capabilities = {
  features: {
    richText: 'dropped',
    subject: 'fallback',
    correction: 'fallback',
    files: 'fallback',
    typing: 'partial', // IRCv3 `typing`, where the server carries tags
    deliveredReceipt: 'dropped',
    displayedReceipt: 'dropped',
    presence: 'partial', // who is there, where the server has MONITOR
    subscription: 'partial', // granted at once: nobody is asked
    groups: 'rejected',
    offline: 'dropped',
    refusal: 'full',
  },
  // The client core splits at 512 bytes and refuses what takes more than 20 lines.
  limits: { maxTextBytes: 6000, splitting: 'allowed', maxCorrectionAgeS: 0, messagesPerSecond: 0.5 },
}
