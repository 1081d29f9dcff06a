import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StepReport } from '@gatehouse/doctor'
import { skipWithout } from '../peers-kit/find-tool.ts'
import { planOrganisation, startOrganisation } from '../peers-kit/organisation.ts'
import { withRack } from '../peers-kit/peer-rack.ts'
import { Clinic } from './clinic.ts'

test(
  'the doctor and a Kamailio',
  { skip: skipWithout('kamailio', 'kamcmd') },
  withRack('doctor-kamailio', async (rack, t) => {
    const clinic = new Clinic()
    await clinic.open()
    rack.onStop(() => clinic.close())
    const site = await planOrganisation(rack, {
      domain: 'fabrikam.example',
      edgeHost: 'sip.fabrikam.example',
      users: ['bob'],
      authority: clinic.authorities.trusted,
      trusted: [clinic.ours],
      peerDomains: ['contoso.example'],
      peerName: 'sip.contoso.example',
    })
    const { phones } = await startOrganisation(rack, site, { host: 'sip.contoso.example', port: 5061, addresses: ['127.0.0.1'] })
    clinic.bed('fabrikam.example').publish(site.tlsPort)
    const seen = (reports: readonly StepReport[]): string =>
      reports.map(({ name, result, code, detail }) => `${name} ${result} ${code} ${detail}`).join('\n')
    const results = (reports: readonly StepReport[]): string => reports.map(({ result }) => result).join(' ')

    await rack.step(t, 'in good health: ok at every step; it has no echo', async () => {
      const reports = await clinic.examine('fabrikam.example')
      assert.equal(results(reports), 'ok ok ok ok ok ok ok ok ok skipped ok skipped', seen(reports))
    })

    await rack.step(t, 'a telephone that takes the message and sends none back', async () => {
      const reports = await clinic.examine('fabrikam.example', { echoTo: 'bob@fabrikam.example', timeoutMs: 2_000 })
      assert.equal(reports.at(-1)?.code, 'GH-DOCTOR-ECHO-UNSEEN', seen(reports))
      const got = await phones['bob']?.waitForRequest('MESSAGE')
      assert.match(got?.body ?? '', /^Gatehouse doctor [0-9a-f]{24}$/)
    })

    await rack.step(t, 'it does not know our authority: its alert says so', async () => {
      const stranger = clinic.authorities.stranger.issue({ dns: ['sip.contoso.example'] })
      const reports = await clinic.examine('fabrikam.example', {}, stranger)
      assert.equal(reports.find(({ result }) => result === 'fail')?.code, 'GH-DOCTOR-TLS-OWN-CERTIFICATE', seen(reports))
    })

    await rack.step(t, 'it knows our authority, and our name is another one: 403', async () => {
      const renamed = clinic.ours.issue({ dns: ['sip.tailspin.example'] })
      const reports = await clinic.examine('fabrikam.example', {}, renamed)
      assert.equal(reports.find(({ result }) => result === 'fail')?.code, 'GH-DOCTOR-OPTIONS-FORBIDDEN', seen(reports))
    })
  }),
)
