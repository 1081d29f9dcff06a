import type { CodeTable } from '@gatehouse/errors'

/** What the rules about networks and home systems answer; part of `policyCodes`. */
export const networkCodes = {
  'GH-POLICY-SOURCE-NETWORK': {
    summary: 'The sender’s domain does not come this way.',
    remedy: 'Write it into `domains:` of the `Network` it is on; a domain of a SIP partner comes over SIP only.',
    retry: 'never',
    sip: 403,
    diagnostics: 1015,
  },
  'GH-POLICY-SOURCE-HOME': {
    summary: 'A home system speaks for a domain of another one.',
    remedy: 'Set `homeSystem` of the `InternalDomain` to what its server speaks.',
    retry: 'never',
    sip: 403,
  },
  'GH-POLICY-NETWORK-DISABLED': {
    summary: 'The network is switched off.',
    remedy: 'Set `enabled: true` on the `Network` named as source.',
    retry: 'never',
    sip: 403,
    diagnostics: 1001,
  },
  'GH-POLICY-EVIDENCE': {
    summary: 'The network says too little about who the sender is.',
    remedy: 'Lower `minEvidence` of the `Network`, or ask the sender’s server for a certificate.',
    retry: 'never',
    sip: 403,
    diagnostics: 1015,
  },
  'GH-POLICY-KIND': {
    summary: 'This kind of message does not pass from or to the network.',
    remedy: 'Add it to `kinds` of the `Network` named as source.',
    retry: 'never',
    sip: 403,
  },
} as const satisfies CodeTable
