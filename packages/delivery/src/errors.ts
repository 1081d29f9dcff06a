import type { CodeTable } from '@gatehouse/errors'

/** Why a delivery did not come back with an outcome of the far side. */
export const deliveryCodes = {
  'GH-DELIVERY-NOBODY': {
    summary: 'No service answers for this destination.',
    remedy: 'Start the service that owns it: public-im-bridge for networks, federation-peer for SIP.',
    retry: 'later',
    sip: 503,
  },
  'GH-DELIVERY-TIMEOUT': {
    summary: 'The service that owns the destination did not answer in time; the far side may have the message all the same.',
    remedy: 'Look at its log and at the state of the network.',
    retry: 'never',
    sip: 408,
  },
  'GH-DELIVERY-BUS': {
    summary: 'The bus did not take the delivery, or was lost before the answer.',
    remedy: 'See whether the bus is up; `gatehouse status` tells.',
    retry: 'later',
    sip: 503,
  },
  'GH-DELIVERY-MALFORMED': {
    summary: 'What came over the bus is no delivery.',
    remedy: 'Run the same version of all services.',
    retry: 'never',
    sip: 500,
  },
  'GH-DELIVERY-FAULT': {
    summary: 'The service that owns the destination failed while it delivered; the far side may have the message all the same.',
    remedy: 'Its log has the reason; report it as a bug.',
    retry: 'never',
    sip: 500,
  },
} as const satisfies CodeTable

export type DeliveryCode = keyof typeof deliveryCodes
