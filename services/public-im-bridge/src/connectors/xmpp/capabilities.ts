import type { Capabilities } from '@gatehouse/bridge-kit'

export const xmppCapabilities: Capabilities = {
  features: {
    // In: XEP-0071 and XEP-0393 become html. Out: the plain text goes; XHTML-IM is deprecated and styling would be guessed.
    richText: 'dropped',
    subject: 'full',
    correction: 'full',
    files: 'full',
    typing: 'full',
    deliveredReceipt: 'full',
    displayedReceipt: 'full',
    presence: 'full',
    subscription: 'full',
    groups: 'rejected',
    offline: 'full',
    refusal: 'full',
  },
  limits: { maxTextBytes: 65_536, splitting: 'allowed', maxCorrectionAgeS: 0, messagesPerSecond: 0 },
}
