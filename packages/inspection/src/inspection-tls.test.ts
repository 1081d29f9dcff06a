import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspectionConfig } from './config.ts'
import { inspectionTls } from './inspection-tls.ts'

const unreadable = (detail: string, options: { cause: unknown }): Error => new Error(`unreadable: ${detail}`, options)

test('the files that are named are read; one that is not there is an error of whoever reads', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-inspection-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const [certFile, keyFile, caFile] = ['cert', 'key', 'ca'].map((name) => join(folder, `${name}.pem`)) as [string, string, string]
  for (const file of [certFile, keyFile]) writeFileSync(file, `text of ${file}`)
  const files = inspectionConfig.parse({ certFile, keyFile, caFile })
  assert.throws(() => inspectionTls(files, unreadable), /^Error: unreadable: ENOENT.*ca\.pem/)
  writeFileSync(caFile, 'ca')
  assert.deepEqual(inspectionTls(files, unreadable), { certPem: `text of ${certFile}`, keyPem: `text of ${keyFile}`, caPem: 'ca' })
})

test('without the section inspectors on unix sockets are called, and no certificate is needed', () => {
  assert.equal(inspectionTls(inspectionConfig.parse(undefined), unreadable), undefined)
})
