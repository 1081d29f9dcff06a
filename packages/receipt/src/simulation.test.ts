import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DecisionState, decide } from '@gatehouse/policy-engine'
import fc from 'fast-check'
import { EntryReader } from './entry-reader.ts'
import { Simulation } from './simulation.ts'
import { judgeAndRecord } from './testing/record.ts'
import { compile, messages, policies } from './testing/world.ts'

const inOrder = fc.array(messages, { minLength: 30, maxLength: 30 }).map((list) => list.sort((left, right) => left.nowMs - right.nowMs))

test('what a simulation says of a change is what the engine says once the change is in force', () => {
  const reader = new EntryReader()
  let changed = 0
  let unreplayable = 0
  fc.assert(
    fc.property(policies, policies, inOrder, (old, next, inputs) => {
      const before = compile(old, 7)
      const after = compile(next, 8)
      const atThatTime = new DecisionState()
      const records = inputs.map((input) => judgeAndRecord(before, input, atThatTime))
      const simulation = new Simulation(before, after, { withRates: true, maxExamples: 10 })
      const live = new DecisionState()
      for (const [at, judged] of records.entries()) {
        assert.ok(judged !== undefined)
        const message = reader.read(judged.record)
        assert.ok(message !== undefined)
        const outcome = simulation.add(message)
        if (!('after' in outcome)) {
          unreplayable++
          continue
        }
        const applied = decide(after, inputs[at]!, live)
        assert.ok('verdict' in applied)
        assert.deepEqual([outcome.after.verdict, outcome.after.code, outcome.after.mark], [applied.verdict, applied.code, applied.mark])
        assert.equal(outcome.before.verdict, judged.decision.verdict)
        if (outcome.before.verdict !== applied.verdict) changed++
      }
      const outcomes = simulation.newlyAllowed + simulation.newlyBlocked
      const byPartner = [...simulation.partners.values()].reduce((sum, group) => sum + group.newlyAllowed + group.newlyBlocked, 0)
      assert.equal(byPartner, outcomes)
      assert.equal(simulation.differsFromRecord, 0)
    }),
    { seed: 3, numRuns: 100 },
  )
  assert.ok(changed > 100, `${changed} of 3000 changed`)
  assert.ok(unreplayable < 600, `${unreplayable} of 3000 asked for DNS that was not looked up then`)
})

test('without rates only the rules count, on both sides alike', () => {
  const reader = new EntryReader()
  fc.assert(
    fc.property(policies, inOrder, (policy, inputs) => {
      const snapshot = compile(policy)
      const simulation = new Simulation(snapshot, snapshot, { withRates: false, maxExamples: 10 })
      const state = new DecisionState()
      for (const input of inputs) {
        const judged = judgeAndRecord(snapshot, input, state)
        const message = judged && reader.read(judged.record)
        assert.ok(message !== undefined)
        const outcome = simulation.add(message)
        assert.ok('after' in outcome && outcome.after.rule !== 'rates')
      }
      const { newlyAllowed, newlyBlocked, markChanged, codeChanged } = simulation
      assert.deepEqual([newlyAllowed, newlyBlocked, markChanged, codeChanged], [0, 0, 0, 0])
    }),
    { seed: 5, numRuns: 60 },
  )
})
