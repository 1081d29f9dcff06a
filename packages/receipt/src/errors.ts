import type { CodeTable } from '@gatehouse/errors'

/** Why an archived message cannot be judged again. */
export const replayCodes = {
  'GH-REPLAY-NO-RECEIPT': {
    summary: 'The message was archived before there were receipts.',
    remedy: 'Nothing to do: messages archived since then can be judged again.',
    retry: 'never',
  },
  'GH-REPLAY-NAMES-CUT': {
    summary: 'The peer’s certificate has more names than a receipt keeps.',
    remedy: 'Ask with `gatehouse explain --from … --to … --cert-name …` instead.',
    retry: 'never',
  },
  'GH-REPLAY-NO-DNS': {
    summary: 'The policy asks for an SRV record that was not looked up when the message came.',
    remedy: 'Ask with `gatehouse explain --from … --to … --srv …`; a partner with a configured edge needs no DNS.',
    retry: 'never',
  },
} as const satisfies CodeTable
