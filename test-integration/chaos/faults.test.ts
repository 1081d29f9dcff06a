import assert from 'node:assert/strict'
import { it } from 'node:test'
import { SeededRandom } from '@gatehouse/fuzz'
import { drawFaults, everyFault, FAULT_KINDS, type FaultKind } from './faults.ts'
import type { Rig } from './rig.ts'

/** What was done to whom, in order. */
function rigOf(done: string[]): Rig {
  const member = (name: string, hasClock = true): object => {
    const note =
      (act: string) =>
      (by?: number): void =>
        void done.push(`${act} ${name}${by === undefined ? '' : ` by ${by}`}`)
    const acts = ['kill', 'start', 'pause', 'resume', 'setClock']
    return { name, hasClock, ...Object.fromEntries(acts.map((act) => [act, note(act)])) }
  }
  const wire = (name: string): object => ({
    name,
    cut: () => done.push(`cut ${name}`),
    stall: () => done.push(`stall ${name}`),
    heal: () => done.push(`heal ${name}`),
  })
  const edges = [member('federation-peer-0'), member('federation-peer-1')]
  const archives = [member('archive-0'), member('archive-1')]
  const members = [member('nats-server', false), member('postgres', false), ...archives, ...edges]
  const homeWire = wire('gate to home')
  return {
    members,
    pairs: [archives, edges],
    disks: members.map((owner) => ({ kind: 'tmpfs', owner, canFill: true, fill: () => {}, free: () => {} })),
    sites: { homeWire, partnerWire: wire('gate to partner') },
    wires: [
      homeWire,
      wire('partners to federation-peer-0'),
      ...members.slice(2).map((each) => wire(`${(each as { name: string }).name} to nats-server`)),
      ...archives.map((each) => wire(`${(each as { name: string }).name} to postgres`)),
    ],
  } as unknown as Rig
}

function targetsOf(kind: FaultKind): string[] {
  return everyFault(rigOf([]), [kind], new SeededRandom(1)).map(({ target }) => target.replace(/ by -?\d+ s$/, ''))
}

it('edge, archive, bus and database can be killed, paused, cut off, their disk filled, their clock moved', () => {
  const members = ['nats-server', 'postgres', 'archive-0', 'archive-1', 'federation-peer-0', 'federation-peer-1']
  for (const kind of ['kill', 'pause', 'isolate'] as const) assert.deepEqual(targetsOf(kind), members)
  assert.deepEqual(
    targetsOf('disk-full'),
    members.map((name) => `disk of ${name}`),
  )
  assert.deepEqual(targetsOf('clock'), [
    ...members.slice(2).map((name) => `clock of ${name}`),
    // programs that are not ours: the clock of everybody else moves the other way
    'clock of nats-server and postgres',
  ])
})

it('who is cut off loses every wire, and nobody else does', async () => {
  const done: string[] = []
  const faults = everyFault(rigOf(done), ['isolate'], new SeededRandom(1))
  const edge = faults.find(({ target }) => target === 'federation-peer-0')
  await edge?.inject()
  await edge?.heal()
  const own = ['partners to federation-peer-0', 'federation-peer-0 to nats-server']
  assert.deepEqual(done, [...own.map((name) => `cut ${name}`), ...own.map((name) => `heal ${name}`)])
})

it('the clock of a program that is not ours is moved by moving all others, the other way', async () => {
  const done: string[] = []
  const [fault] = everyFault(rigOf(done), ['clock'], new SeededRandom(1)).slice(-1)
  await fault?.inject()
  const shiftS = Number(/by (-?\d+) s/.exec(fault?.target ?? '')?.[1])
  assert.equal(done.length, 4)
  for (const line of done) assert.ok(Math.abs(Number(line.split(' by ')[1]) + shiftS * 1_000) <= 500, `${line}, ${fault?.target}`)
})

it('what is drawn is one fault or several of different targets, the same for the same seed', () => {
  const draw = (): string[][] => {
    const random = new SeededRandom(9)
    return Array.from({ length: 200 }, () => drawFaults(rigOf([]), FAULT_KINDS, random).map(({ kind, target }) => `${kind} ${target}`))
  }
  const rounds = draw()
  assert.deepEqual(draw(), rounds)
  assert.deepEqual(new Set(rounds.map(({ length }) => length)), new Set([1, 2, 3]))
  assert.deepEqual(new Set(rounds.flat().map((text) => text.split(' ')[0])), new Set(FAULT_KINDS))
  assert.deepEqual(drawFaults(rigOf([]), [], new SeededRandom(1)), [])
})
