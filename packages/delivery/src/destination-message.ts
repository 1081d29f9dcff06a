import { create, type MessageInitShape } from '@bufbuild/protobuf'
import type { Destination, PeerDestination } from '@gatehouse/im-model'
import { type DeliveryDestination, DeliveryDestinationSchema, type PeerDestination as PeerDestinationMessage } from '@gatehouse/proto'
import { oneOf } from './one-of.ts'

export function destinationToMessage(destination: Destination): DeliveryDestination {
  return create(DeliveryDestinationSchema, { to: caseOf(destination) })
}

function caseOf(destination: Destination): NonNullable<MessageInitShape<typeof DeliveryDestinationSchema>['to']> {
  const { domain } = destination
  switch (destination.to) {
    case 'inside':
      return { case: 'inside', value: { domain, port: destination.port ?? '' } }
    case 'network':
      return { case: 'network', value: { domain, network: destination.network, protocol: destination.protocol } }
    case 'peer': {
      const { peerClass, partner, edgeHost, edgePort, links, trust, pins, dialect } = destination
      const value = { peerClass, partner, domain, edgeHost: edgeHost ?? '', edgePort, links, trust: [...trust], pins: [...pins], dialect }
      return { case: 'peer', value }
    }
  }
}

/** Undefined for what this version does not know. */
export function destinationFromMessage(message: DeliveryDestination | undefined): Destination | undefined {
  switch (message?.to.case) {
    case 'inside': {
      const { domain, port } = message.to.value
      if (port === '') return { to: 'inside', domain }
      const known = oneOf(port, ['sip', 'xmpp', 'gateway'])
      return known === undefined ? undefined : { to: 'inside', domain, port: known }
    }
    case 'network': {
      const { network, protocol, domain } = message.to.value
      return { to: 'network', network, protocol, domain }
    }
    case 'peer':
      return peerFromMessage(message.to.value)
    default:
      return undefined
  }
}

function peerFromMessage(message: PeerDestinationMessage): PeerDestination | undefined {
  const peerClass = oneOf(message.peerClass, ['direct', 'allowed', 'discovered', 'clearinghouse', 'provider'])
  const dialect = oneOf(message.dialect, ['microsoft', 'standard'])
  if (peerClass === undefined || dialect === undefined) return undefined
  const { partner, domain, edgeHost, edgePort, links, trust, pins } = message
  return { to: 'peer', peerClass, partner, domain, edgeHost: edgeHost === '' ? undefined : edgeHost, edgePort, links, trust, pins, dialect }
}
