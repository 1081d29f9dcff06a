import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CodeTable } from '@gatehouse/errors'
import { identityCodes } from './errors.ts'

test('every code has its form, a summary and a remedy', () => {
  const table: CodeTable = identityCodes
  for (const [code, { summary, remedy }] of Object.entries(table)) {
    assert.match(code, /^GH-(?:IDENTITY|CERT)-[A-Z0-9-]+$/)
    assert.match(summary, /^[A-Z].*\.$/)
    assert.match(remedy, /^[A-Z].*\.$/)
  }
})
