import type { CodeTable } from '@gatehouse/errors'

/** What goes wrong between us and an IRC network. */
export const ircCodes = {
  'GH-IRC-NO-SUCH-NICK': {
    summary: 'Nobody on the network has this nick.',
    remedy: 'Ask for the spelling, or wait until they are online: IRC keeps nothing for people who are away.',
    retry: 'later',
    sip: 480,
  },
  'GH-IRC-REFUSED': {
    summary: 'The network refused the message.',
    remedy: 'The detail has the server’s words; such as that they accept messages from registered accounts only.',
    retry: 'never',
    sip: 403,
  },
  'GH-IRC-EMPTY': {
    summary: 'Nothing of the message can be said on IRC.',
    remedy: 'Send text.',
    retry: 'never',
    sip: 488,
  },
  'GH-IRC-TOO-LONG': {
    summary: 'The message takes more lines than the network takes at a time.',
    remedy: 'Send it in pieces, or as a link.',
    retry: 'never',
    sip: 413,
  },
  'GH-IRC-QUEUE-FULL': {
    summary: 'Too many messages wait for the pace that the network allows.',
    remedy: 'Try again later; raise `flood` only where the network gives the account a higher limit.',
    retry: 'later',
    sip: 503,
  },
  'GH-IRC-NOT-CONNECTED': {
    summary: 'The account is not connected to the network.',
    remedy: 'See `gatehouse networks` for the reason.',
    retry: 'later',
    sip: 503,
  },
  'GH-IRC-LINK-LOST': {
    summary: 'The connection was lost before the server said what became of the message; they may have it all the same.',
    remedy: 'Ask them, or send it again.',
    retry: 'never',
    sip: 408,
  },
  'GH-IRC-NO-ANSWER': {
    summary: 'The server said nothing about the message in time; they may have it all the same.',
    remedy: 'See whether the network is slow; `gatehouse networks` shows its answer time.',
    retry: 'never',
    sip: 408,
  },
  'GH-IRC-NOT-THEM': {
    summary: 'Whoever has this nick now is not logged in to the account of that name.',
    remedy: 'Write to `~nick` to reach whoever has the nick, or wait until the owner is online.',
    retry: 'later',
    sip: 480,
  },
  'GH-IRC-LOGIN-FAILED': {
    summary: 'The network did not accept the account’s login.',
    remedy: 'Link the account again with the right password or certificate.',
    retry: 'never',
  },
  'GH-IRC-LOGIN-UNSUPPORTED': {
    summary: 'The network does not offer the way of logging in that the account asks for.',
    remedy: 'Choose another SASL mechanism, or link the account without login.',
    retry: 'never',
  },
  'GH-IRC-NICK-UNUSABLE': {
    summary: 'No nick that the account may take is free or allowed.',
    remedy: 'Give the account another nick.',
    retry: 'later',
  },
  'GH-IRC-BANNED': {
    summary: 'The network does not let the account in.',
    remedy: 'The detail has the server’s words; talk to its operators.',
    retry: 'never',
  },
  'GH-IRC-NO-PRESENCE': {
    summary: 'The network does not tell who is there, or no more of that can be asked for.',
    remedy: 'None: it has no MONITOR, or a hundred people are watched already.',
    retry: 'never',
    sip: 489,
  },
  'GH-IRC-SILENT': {
    summary: 'The server did not answer in time.',
    remedy: 'See whether host and port belong to an IRC server with TLS.',
    retry: 'later',
  },
  'GH-IRC-CLOSED': {
    summary: 'The server closed the connection.',
    remedy: 'The detail has its words; the account connects again by itself.',
    retry: 'later',
  },
} as const satisfies CodeTable

export type IrcCode = keyof typeof ircCodes
