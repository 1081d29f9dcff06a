import { busError } from './errors.ts'

/** What is used of a NATS server, and the first version that has it (nats-core `semver.ts`, release notes of nats-server). */
export const natsFeatures = {
  headers: { since: '2.2.0', use: 'trace context and refusals' },
  noResponders: { since: '2.2.0', use: 'a request without a server is answered at once' },
  keyValue: { since: '2.6.2', use: 'buckets' },
  consumerCreate: { since: '2.9.0', use: 'watching buckets' },
  nextBySubject: { since: '2.10.0', use: 'work queues' },
} as const

export type NatsFeature = keyof typeof natsFeatures

function numbersOf(version: string): readonly number[] {
  const [core = ''] = version.replace(/^v/, '').split(/[-+]/)
  return core.split('.').map((part) => Number.parseInt(part, 10) || 0)
}

/** Whether a server of this version has the feature. */
export function hasNatsFeature(serverVersion: string, feature: NatsFeature): boolean {
  const have = numbersOf(serverVersion)
  const want = numbersOf(natsFeatures[feature].since)
  for (let at = 0; at < want.length; at++) {
    const difference = (have[at] ?? 0) - want[at]!
    if (difference !== 0) return difference > 0
  }
  return true
}

/** Throws GH-BUS-SERVER-TOO-OLD when one is missing. */
export function requireNatsFeatures(serverVersion: string, features: readonly NatsFeature[]): void {
  for (const feature of features) {
    if (hasNatsFeature(serverVersion, feature)) continue
    const { since, use } = natsFeatures[feature]
    throw busError('GH-BUS-SERVER-TOO-OLD', `'${feature}' (${use}) needs ${since}, the server is ${serverVersion}.`)
  }
}
