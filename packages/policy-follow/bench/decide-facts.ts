// Decisions that ask for facts: 10,000 domains, 100,000 block entries, users whose facts are in the cache of the edge. One JSON line per
// case: CPU time of this thread and bytes allocated per decision, without those of making the message up; users come in random order, so
// that no processor cache flatters it.
// node --expose-gc --conditions=@gatehouse/source packages/policy-follow/bench/decide-facts.ts [users]

import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { busSubjects, createEmbeddedBus } from '@gatehouse/bus'
import { compileSnapshot, type DecisionInput, DecisionState, decide, type PolicyObject, type UserFacts } from '@gatehouse/policy-engine'
import { GetFactsRequestSchema, GetFactsResponseSchema } from '@gatehouse/proto'
import { FactsCache, factsToMessage } from '../src/mod.ts'

const USERS = Number(process.argv[2] ?? 1_000_000)
const DOMAINS = 10_000
const BLOCKS = 100_000
const RUNS = 1_000_000
const SLICES = 20
const NOW_MS = 1_800_000_000_000
const PEER = {
  verification: 'useSourceVerification',
  trust: [],
  requireClientAuth: false,
  pins: [],
  links: 1,
  dialect: 'microsoft',
} as const

function world(): PolicyObject[] {
  const objects: PolicyObject[] = [
    {
      kind: 'FederationSettings',
      name: 'ours',
      spec: {
        enabled: true,
        discovery: true,
        discoveredVerification: 'useSourceVerification',
        beClearinghouse: false,
        missingMark: 'unverified',
        unverified: { message: 'contactsOnly', presence: 'contactsOnly' },
      },
    },
    { kind: 'InternalDomain', name: 'c', spec: { domain: 'contoso.example', subdomains: false } },
    {
      kind: 'UserSettings',
      name: 'u',
      spec: {
        lookUp: true,
        unknown: 'refuse',
        federation: false,
        remote: false,
        start: 'both',
        learnDays: 0,
        firstContact: 'refuse',
        firstContactsPerPartner: 100,
      },
    },
  ]
  for (let at = 0; at < 100; at++) objects.push({ kind: 'Group', name: `site-${at}`, spec: { members: [], federation: true } })
  objects.push({
    kind: 'EthicalWall',
    name: 'w',
    spec: {
      left: { groups: ['site-1'], users: [], domains: [] },
      right: { groups: [], users: [], domains: ['p77.example'] },
      owner: 'o',
      reason: 'r',
    },
  })
  for (let at = 0; at < DOMAINS; at++) {
    const spec = { ...PEER, domains: [`p${at}.example`], edge: `sip.p${at}.example`, enabled: true }
    objects.push({ kind: 'Partner', name: `p${at}`, spec })
  }
  for (let at = 0; at < BLOCKS; at++) {
    const what = at % 2 === 0 ? { domain: `b${at}.example` } : { address: `user${at}@x${at % 500}.example` }
    objects.push({ kind: 'BlockEntry', name: `b${at}`, spec: { ...what, owner: 'security', reason: 'bulk' } })
  }
  return objects
}

function factsOf(at: number): UserFacts {
  return {
    status: 'known',
    detail: 'directory',
    rights: at % 3 === 0 ? { federation: true } : {},
    groups: [`site-${at % 100}`, `department-${at % 500}`],
    contacts: at % 20 === 0 ? new Map([[`friend${at}@p${at % DOMAINS}.example`, Number.POSITIVE_INFINITY]]) : new Map(),
    safeList: new Set(),
  }
}

const bus = createEmbeddedBus()
await bus.serve(busSubjects.factsGet.name, busSubjects.factsGet.queue, ({ data }) => {
  const { users } = fromBinary(GetFactsRequestSchema, data)
  const facts = users.map((user) => factsToMessage(user, factsOf(Number(user.slice(4, user.indexOf('@'))))))
  return toBinary(GetFactsResponseSchema, create(GetFactsResponseSchema, { facts }))
})
const cache = new FactsCache({ bus, nowMs: () => NOW_MS, defer: queueMicrotask }, { maxEntries: USERS, maxWaiting: USERS })
const megabytes = (): number => {
  globalThis.gc?.()
  return Math.round(process.memoryUsage().heapUsed / 1_048_576)
}

const snapshot = compileSnapshot({ format: 'gatehouse-snapshot/1', revision: 1, issuedAtMs: 0, objects: world() })
const before = megabytes()
for (let at = 0; at < USERS; at += 10_000) {
  await Promise.all(
    Array.from(
      { length: Math.min(10_000, USERS - at) },
      (_, offset) => new Promise((resolve) => cache.lookupFacts(`user${at + offset}@contoso.example`, resolve)),
    ),
  )
}
print('fill', { users: cache.size, cacheMiB: megabytes() - before, bytesPerUser: Math.round(((megabytes() - before) * 1_048_576) / USERS) })

function peerOf(host: string): DecisionInput['peer'] {
  return {
    isAuthenticated: true,
    names: { dns: [host], sipDomains: [], commonName: host },
    anchors: [],
    fingerprint: 'f',
    spkiPin: '',
    refusal: undefined,
  } as unknown as DecisionInput['peer']
}

type Mutable = { -readonly [K in keyof DecisionInput]: DecisionInput[K] }
/** Makes the input the next message: with strings that were just read from it, as after parsing. */
type Next = (input: Mutable, user: number, domain: number) => void

const inside = peerOf('pool.contoso.example')
const partners = Array.from({ length: DOMAINS }, (_, at) => peerOf(`sip.p${at}.example`))

const cases: Record<string, Next> = {
  inbound: (input, user, domain) => {
    input.side = 'external'
    input.fromUser = 'ann'
    input.fromDomain = `p${domain}.example`
    input.toUser = `user${user}`
    input.toDomain = 'contoso.example'
    input.assertedMark = 'verified'
    input.peer = partners[domain]!
  },
  outbound: (input, user, domain) => {
    input.side = 'internal'
    input.fromUser = `user${user}`
    input.fromDomain = 'contoso.example'
    input.toUser = 'ann'
    input.toDomain = `p${domain}.example`
    input.peer = inside
    input.bound = { peerClass: 'inside', partner: 'pool' }
  },
  'inbound, unverified contact': (input, user) => {
    const contact = user - (user % 20)
    input.side = 'external'
    input.fromUser = `friend${contact}`
    input.fromDomain = `p${contact % DOMAINS}.example`
    input.toUser = `user${contact}`
    input.toDomain = 'contoso.example'
    input.assertedMark = 'unverified'
    input.peer = partners[contact % DOMAINS]!
  },
}
for (const [name, next] of Object.entries(cases)) measure(name, next)
process.exit(0)

function measure(name: string, next: Next): void {
  const state = new DecisionState()
  const input = {
    nowMs: NOW_MS,
    kind: 'message',
    method: 'MESSAGE',
    assertedDomains: [],
    bound: undefined,
    assertedMark: undefined,
    isInDialog: false,
    srv: () => undefined,
    facts: (key: string) => cache.facts(key),
  } as unknown as Mutable
  let allows = 0
  let at = 0
  const run = (count: number, decides: boolean): void => {
    for (const end = at + count; at < end; at++) {
      next(input, (at * 1_037_399) % USERS, (at * 7_919) % DOMAINS)
      if (!decides) continue
      const decision = decide(snapshot, input, state)
      if (!('need' in decision) && decision.verdict === 'allow') allows++
    }
  }
  run(Math.max(200_000, USERS), true)
  run(200_000, false)
  const bytes = (decides: boolean): number => {
    globalThis.gc?.()
    const before = process.memoryUsage().heapUsed
    run(2_000, decides)
    return (process.memoryUsage().heapUsed - before) / 2_000
  }
  const bytesPerDecision = Math.round(bytes(true) - bytes(false))
  const cpuOf = (decides: boolean): number => {
    const before = process.threadCpuUsage()
    run(RUNS / SLICES, decides)
    const { user, system } = process.threadCpuUsage(before)
    return (user + system) / (RUNS / SLICES)
  }
  allows = 0
  const slices = Array.from({ length: SLICES }, () => cpuOf(true) - cpuOf(false)).sort((left, right) => left - right)
  const mean = slices.reduce((sum, one) => sum + one, 0) / SLICES
  print(name, {
    users: USERS,
    microseconds: mean,
    medianSlice: slices[SLICES / 2],
    bestSlice: slices[0],
    bytesPerDecision,
    allowedShare: allows / RUNS,
  })
}

function print(name: string, numbers: object): void {
  process.stdout.write(
    `${JSON.stringify({ bench: 'policy-follow/decide-facts', case: name, ...numbers }, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value))}\n`,
  )
}
