import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { STEP_NAMES, worstOf } from '@gatehouse/doctor'
import { CASES } from './cases.ts'
import { Clinic } from './clinic.ts'

const DAY_MS = 86_400_000

describe('the doctor finds out what is wrong with a partner that has', { concurrency: 8 }, () => {
  const clinic = new Clinic()
  before(() => clinic.open())
  after(() => clinic.close())

  for (const [index, { name, code, overall, setUp, options }] of CASES.entries()) {
    it(name, async () => {
      const domain = `partner${index}.example`
      await setUp(clinic.bed(domain))
      const reports = await clinic.examine(domain, options)
      const seen = reports.map((report) => `${report.name}: ${report.result} ${report.code} ${report.detail}`).join('\n')
      const first = reports.find(({ result }) => result === 'fail' || result === 'warn')
      assert.equal(first?.code ?? '', code, seen)
      assert.equal(worstOf(reports), overall, seen)
      assert.deepEqual(
        reports.map((report) => report.name),
        STEP_NAMES,
      )
      for (const report of reports) assert.equal(report.result === 'ok' || report.result === 'skipped' || report.fix !== '', true, seen)
    })
  }

  it('several faults at once: each step says its own', async () => {
    const bed = clinic.bed('several.example')
    const certificate = bed.issue({
      dns: ['sip.hoster.example'],
      eku: ['clientAuth'],
      notBefore: new Date(bed.nowMs - 60 * DAY_MS),
      notAfter: new Date(bed.nowMs - DAY_MS),
    })
    bed.authorities.trusted.revoke(certificate)
    bed.publish(await bed.edge({ certificate, tls: { requestCert: false } }))
    const reports = await clinic.examine('several.example')
    assert.deepEqual(
      reports.filter(({ code }) => code !== '').map(({ code }) => code),
      [
        'GH-DOCTOR-TLS-NOT-MUTUAL',
        'GH-DOCTOR-NAME-MISMATCH',
        'GH-DOCTOR-USAGE-NO-SERVER',
        'GH-DOCTOR-VALIDITY-EXPIRED',
        'GH-DOCTOR-REVOKED',
      ],
    )
  })
})
