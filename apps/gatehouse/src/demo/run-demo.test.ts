import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { chooseStyle } from '../output/style.ts'
import { acts } from './acts.ts'
import { findProsody } from './jabber/prosody-site.ts'
import { runDemo } from './run-demo.ts'

/** Both ways where one is installed. */
const prosodies = [...new Set([undefined, findProsody(process.env['PATH'] ?? '')])]

describe('the demo', () => {
  for (const prosody of prosodies) {
    it(`plays every act as it should and leaves nothing behind, with ${prosody ?? 'a stand-in for Prosody'}`, async () => {
      let told = ''
      const { code, results } = await runDemo({
        write: (text) => {
          told += text
        },
        style: chooseStyle(false, {}),
        isOnce: true,
        controlFolder: undefined,
        prosody,
        stop: new AbortController().signal,
      })
      assert.deepEqual(
        results.filter((result) => !result.isOk),
        [],
        told,
      )
      assert.equal(code, 0)
      assert.deepEqual(
        results.map((result) => result.name),
        [...acts.map((act) => act.name), 'archive'],
      )
      const folder = /\S+gatehouse-demo-\w+/.exec(told)?.[0] ?? ''
      assert.notEqual(folder, '')
      assert.equal(existsSync(folder), false)
      for (const code of [
        'GH-POLICY-UNVERIFIED-MESSAGE',
        'GH-POLICY-SOURCE-CERTIFICATE',
        'GH-POLICY-SOURCE-INTERNAL',
        'GH-POLICY-BLOCKED',
      ]) {
        assert.ok(told.includes(code), code)
      }
      assert.ok(told.includes(prosody === undefined ? 'jabber.example is a stand-in' : 'jabber.example is a real Prosody'))
    })
  }
})
