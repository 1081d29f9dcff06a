import { test } from 'node:test'
import { Authority } from '@gatehouse/lab'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { planOrganisation, startOrganisation } from '../peers-kit/organisation.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { exchangeMessages, holdSession, probe, watchPresence } from '../peers-kit/scenarios.ts'

// The rig itself: two Kamailios without us between them must get through everything that we are tested with later.
test(
  'Kamailio to Kamailio: the rig carries messages, sessions and presence by itself',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('pair', async (rack, t) => {
    const authority = Authority.create({ name: 'Rig CA' })
    const contosoSite = await planOrganisation(rack, {
      domain: 'contoso.example',
      edgeHost: 'edge.contoso.example',
      users: ['alice'],
      authority,
      peerDomains: ['fabrikam.example'],
      peerName: 'edge.fabrikam.example',
    })
    const fabrikamSite = await planOrganisation(rack, {
      domain: 'fabrikam.example',
      edgeHost: 'edge.fabrikam.example',
      users: ['bob'],
      authority,
      peerDomains: ['contoso.example'],
      peerName: 'edge.contoso.example',
      hasTrace: true,
    })
    const contoso = await startOrganisation(rack, contosoSite, {
      host: 'edge.fabrikam.example',
      port: fabrikamSite.tlsPort,
      addresses: ['127.0.0.1'],
    })
    const fabrikam = await startOrganisation(rack, fabrikamSite, {
      host: 'edge.contoso.example',
      port: contosoSite.tlsPort,
      addresses: ['127.0.0.1'],
    })
    const alice = contoso.phones['alice']!
    const bob = fabrikam.phones['bob']!
    await rack.step(t, 'a message each way', () => exchangeMessages(alice, bob))
    await rack.step(t, 'a session', () => holdSession(alice, bob))
    await rack.step(t, 'a session the other way', () => holdSession(bob, alice))
    await rack.step(t, 'presence', () => watchPresence(alice, bob))
    await rack.step(t, 'OPTIONS', () => probe(alice, 'fabrikam.example'))
  }),
)
