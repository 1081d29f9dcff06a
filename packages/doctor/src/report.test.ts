import assert from 'node:assert/strict'
import { it } from 'node:test'
import { doctorCodes } from './errors.ts'
import { findingOf, firstTrouble, reportOf, warningOf, worstOf } from './report.ts'

it('a step reports its worst finding first and keeps the others', () => {
  const findings = [
    warningOf('GH-DOCTOR-SRV-SOME-OUTSIDE', 'a'),
    findingOf('GH-DOCTOR-SRV-NONE', 'b'),
    warningOf('GH-DOCTOR-SRV-PLAIN-PORT'),
  ]
  const report = reportOf('srv', { findings, facts: [] }, 1.6)
  assert.deepEqual([report.result, report.code, report.durationMs], ['fail', 'GH-DOCTOR-SRV-NONE', 2])
  assert.deepEqual(
    report.also.map(({ code }) => code),
    ['GH-DOCTOR-SRV-SOME-OUTSIDE', 'GH-DOCTOR-SRV-PLAIN-PORT'],
  )
  assert.equal(report.fix, doctorCodes['GH-DOCTOR-SRV-NONE'].remedy)
})

it('a run is as good as its worst step; a failure comes before an earlier warning', () => {
  const ok = reportOf('tcp', { findings: [], facts: [] }, 1)
  const skipped = reportOf('policy', { findings: [], facts: [], skipped: 'no gate' }, 0)
  const warn = reportOf('srv', { findings: [warningOf('GH-DOCTOR-SRV-DIFFERS')], facts: [] }, 1)
  const fail = reportOf('tls', { findings: [findingOf('GH-DOCTOR-TLS-TIMEOUT')], facts: [] }, 1)
  assert.deepEqual([worstOf([ok, skipped]), worstOf([ok, warn]), worstOf([warn, fail])], ['ok', 'warn', 'fail'])
  assert.deepEqual(
    [firstTrouble([ok, skipped]), firstTrouble([warn, ok])?.name, firstTrouble([warn, fail])?.name],
    [undefined, 'srv', 'tls'],
  )
})

it('every code says whom it concerns and what to do', () => {
  for (const [code, { summary, remedy }] of Object.entries(doctorCodes)) assert.ok(summary.endsWith('.') && remedy.length > 20, code)
})
