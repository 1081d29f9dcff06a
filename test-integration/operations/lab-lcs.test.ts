import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { withRack } from '../peers-kit/peer-rack.ts'

const SCRIPT = join(import.meta.dirname, '../../examples/lab-lcs/run.sh')

test(
  'the lab of the course module goes as it should, from the script that a person runs',
  withRack('lab-lcs', async (rack) => {
    const { status, stdout, stderr } = spawnSync('sh', [SCRIPT, rack.path('lab')], {
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
    })
    assert.equal(status, 0, stdout.slice(-3_000) + stderr)
    assert.match(stdout, /The lab went as it should/)
    assert.ok(!existsSync(rack.path('lab/.gatehouse/control.sock')), 'the service it started has ended')
    // the document that was applied last says where the verdict comes from
    assert.match(stdout, /decided by Partner\/fabrikam, contact-list-only\.yaml:2 as applied with revision 2/)
  }),
)
