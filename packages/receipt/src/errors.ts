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
  'GH-REPLAY-NO-FACTS': {
    summary: 'The policy asks what is known of a user, which was not looked up when the message came.',
    remedy: 'Ask with `gatehouse explain --from … --to …`, which uses what is known of the user now.',
    retry: 'never',
  },
  'GH-REPLAY-NO-BODY': {
    summary: 'A content filter wants to read the text, which the archive does not keep or keeps sealed.',
    remedy: 'Ask with `gatehouse explain --from … --to … --body …`; Archiving with `body: true` keeps texts.',
    retry: 'never',
  },
  'GH-REPLAY-INSPECTOR': {
    summary: 'An inspector refused the message; inspectors are not asked again.',
    remedy: 'See the recorded reason; the rules of the policy alone would let the message pass.',
    retry: 'never',
  },
} as const satisfies CodeTable
