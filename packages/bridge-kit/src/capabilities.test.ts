import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  CAPABILITY_FEATURES,
  type Capabilities,
  type CapabilityFeature,
  type CapabilityLevel,
  capabilitiesKey,
  carries,
} from './capabilities.ts'

const limits = { maxTextBytes: 100, splitting: 'refused', maxCorrectionAgeS: 0, messagesPerSecond: 0 } as const

function all(level: CapabilityLevel): Capabilities {
  return {
    features: Object.fromEntries(CAPABILITY_FEATURES.map((feature) => [feature, level])) as Record<CapabilityFeature, CapabilityLevel>,
    limits,
  }
}

it('a feature is carried when it arrives, be it with losses', () => {
  const levels: readonly CapabilityLevel[] = ['rejected', 'dropped', 'fallback', 'partial', 'full']
  assert.deepEqual(
    levels.map((level) => carries(all(level), 'typing')),
    [false, false, false, true, true],
  )
})

it('the key changes with any of them, and with nothing else', () => {
  const base = all('full')
  const keys = new Set([capabilitiesKey(base)])
  for (const feature of CAPABILITY_FEATURES) keys.add(capabilitiesKey({ ...base, features: { ...base.features, [feature]: 'dropped' } }))
  for (const [name, value] of Object.entries({ maxTextBytes: 101, splitting: 'allowed', maxCorrectionAgeS: 1, messagesPerSecond: 1 })) {
    keys.add(capabilitiesKey({ ...base, limits: { ...limits, [name]: value } }))
  }
  assert.equal(keys.size, 1 + CAPABILITY_FEATURES.length + 4)
  assert.equal(capabilitiesKey(all('full')), capabilitiesKey(base))
})
