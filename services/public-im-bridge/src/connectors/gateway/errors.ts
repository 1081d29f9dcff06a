import type { CodeTable } from '@gatehouse/errors'

/** What goes wrong between us and the applications of our own. */
export const gatewayApiCodes = {
  'GH-GATEWAY-APPLICATION': {
    summary: 'No application of this name may use this connection.',
    remedy: 'Use the name in `applications`; over TCP it has to be the name on the certificate.',
    retry: 'never',
  },
  'GH-GATEWAY-ADDRESS': {
    summary: 'The application may not speak for this address.',
    remedy: 'Add the user to its `users`, and see that the domain is that of the network.',
    retry: 'never',
  },
  'GH-GATEWAY-REQUEST': {
    summary: 'The message cannot be understood.',
    remedy: 'The detail names the field.',
    retry: 'never',
  },
  'GH-GATEWAY-NOBODY': {
    summary: 'No application has this address.',
    remedy: 'Look for a typing error, or give an application the user.',
    retry: 'never',
    sip: 404,
  },
  'GH-GATEWAY-AWAY': {
    summary: 'The application is not connected.',
    remedy: 'Start it; it has to hold a ReceiveMessages call open.',
    retry: 'later',
    sip: 480,
  },
  'GH-GATEWAY-NOT-TAKEN': {
    summary: 'The application did not take the message.',
    remedy: 'See its log.',
    retry: 'never',
    sip: 603,
  },
  'GH-GATEWAY-UNCONFIRMED': {
    summary: 'The application got the message and said nothing about it; it may have it all the same.',
    remedy: 'Let it call ConfirmMessage when the message is safe with it.',
    retry: 'never',
    sip: 408,
  },
  'GH-GATEWAY-BUSY': {
    summary: 'Too many messages wait for the application.',
    remedy: 'Let it confirm faster.',
    retry: 'later',
    sip: 503,
  },
} as const satisfies CodeTable

export type GatewayApiCode = keyof typeof gatewayApiCodes
