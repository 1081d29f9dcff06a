import type { SeededRandom } from '@gatehouse/fuzz'
import type { Member } from './member.ts'
import type { Rig } from './rig.ts'
import type { TcpProxy } from './tcp-proxy.ts'

/**
 * `…-both`: both replicas of a kind at once. `isolate`: all wires of a member at once. `away`: a receiver is gone for so long that messages
 * have to wait for it.
 */
export const FAULT_KINDS = ['kill', 'pause', 'kill-both', 'pause-both', 'cut', 'stall', 'isolate', 'disk-full', 'clock', 'away'] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** Something that is broken on purpose, for a while. */
export interface Fault {
  readonly kind: FaultKind
  /** Member or wire. */
  readonly target: string
  readonly durationMs: number
  readonly inject: () => Promise<void> | void
  readonly heal: () => Promise<void> | void
}

/** What may be broken, and how; how long and how much is drawn. */
type MakeFault = (random: SeededRandom) => Fault

const MAX_CLOCK_SHIFT_MS = 600_000
const LASTS_MS = [300, 4_000] as const
/** Longer than the gate waits for a link (4 s). */
const AWAY_MS = [5_000, 9_000] as const
const SHARE_OF_SINGLE = 0.6
const MAX_TRIES = 50

/** One fault, or two or three different ones together. */
export function drawFaults(rig: Rig, kinds: readonly FaultKind[], random: SeededRandom): Fault[] {
  if (kinds.length === 0) return []
  const count = random.next() < SHARE_OF_SINGLE ? 1 : random.next() < 0.5 ? 2 : 3
  const drawn: Fault[] = []
  for (let tries = 0; tries < MAX_TRIES && drawn.length < count; tries++) {
    const possible = faultsOf(rig, random.pick(kinds))
    if (possible.length === 0) continue
    const fault = random.pick(possible)(random)
    if (!drawn.some((other) => nameOf(other) === nameOf(fault))) drawn.push(fault)
  }
  return drawn
}

/** Every fault of these kinds that this rig can have, once. */
export function everyFault(rig: Rig, kinds: readonly FaultKind[], random: SeededRandom): Fault[] {
  return kinds.flatMap((kind) => faultsOf(rig, kind).map((make) => make(random)))
}

function nameOf({ target }: Fault): string {
  return target.split(' by ')[0] ?? target
}

/** Empty where this rig cannot have it. */
function faultsOf(rig: Rig, kind: FaultKind): readonly MakeFault[] {
  const { members, pairs, wires, disks, sites } = rig
  switch (kind) {
    case 'kill':
      return members.map((member) => killing(kind, [member]))
    case 'pause':
      return members.map((member) => pausing(kind, [member]))
    case 'kill-both':
      return pairs.map((pair) => killing(kind, pair))
    case 'pause-both':
      return pairs.map((pair) => pausing(kind, pair))
    case 'cut':
      return wires.map((wire) => cutting(kind, wire.name, [wire], LASTS_MS))
    case 'stall':
      return wires.map((wire) => lasting(kind, wire.name, LASTS_MS, { inject: () => wire.stall(), heal: () => wire.heal() }))
    case 'isolate':
      return members.flatMap((member) => {
        const own = wires.filter(({ name }) => name.startsWith(`${member.name} to `) || name.endsWith(` to ${member.name}`))
        return own.length === 0 ? [] : [cutting(kind, member.name, own, LASTS_MS)]
      })
    case 'disk-full':
      return disks
        .filter(({ canFill }) => canFill)
        .map((disk) => lasting(kind, `disk of ${disk.owner.name}`, LASTS_MS, { inject: () => disk.fill(), heal: () => disk.free() }))
    case 'clock':
      return clockFaults(members)
    case 'away':
      return [sites.homeWire, sites.partnerWire].map((wire) => cutting(kind, wire.name, [wire], AWAY_MS))
  }
}

function lasting(
  kind: FaultKind,
  target: string,
  [leastMs, mostMs]: readonly [number, number],
  acts: Pick<Fault, 'inject' | 'heal'>,
): MakeFault {
  return (random) => ({ kind, target, durationMs: Math.round(random.between(leastMs, mostMs)), ...acts })
}

function killing(kind: FaultKind, all: readonly Member[]): MakeFault {
  return lasting(kind, namesOf(all), LASTS_MS, {
    inject: () => atOnce(all, (member) => member.kill()),
    heal: () => atOnce(all, (member) => member.start()),
  })
}

function pausing(kind: FaultKind, all: readonly Member[]): MakeFault {
  return lasting(kind, namesOf(all), LASTS_MS, {
    inject: () => atOnce(all, (member) => member.pause()),
    heal: () => atOnce(all, (member) => member.resume()),
  })
}

function cutting(kind: FaultKind, target: string, wires: readonly TcpProxy[], lastsMs: readonly [number, number]): MakeFault {
  return lasting(kind, target, lastsMs, {
    inject: () => {
      for (const wire of wires) wire.cut()
    },
    heal: () => {
      for (const wire of wires) wire.heal()
    },
  })
}

/** Programs that are not ours keep their clock; it is off for everybody else when that of everybody else is. */
function clockFaults(members: readonly Member[]): MakeFault[] {
  const clocked = members.filter(({ hasClock }) => hasClock)
  const others = members.filter(({ hasClock }) => !hasClock)
  const moving = (moved: readonly Member[], name: string, sign: 1 | -1): MakeFault => {
    const setAll = (shiftMs: number): void => {
      for (const member of moved) member.setClock(shiftMs)
    }
    return (random) => {
      const shiftMs = Math.round(random.between(-MAX_CLOCK_SHIFT_MS, MAX_CLOCK_SHIFT_MS))
      const target = `clock of ${name} by ${Math.round(shiftMs / 1000)} s`
      return lasting('clock', target, LASTS_MS, { inject: () => setAll(sign * shiftMs), heal: () => setAll(0) })(random)
    }
  }
  const single = clocked.map((member) => moving([member], member.name, 1))
  return others.length === 0 ? single : [...single, moving(clocked, namesOf(others), -1)]
}

function namesOf(members: readonly Member[]): string {
  return members.map(({ name }) => name).join(' and ')
}

async function atOnce(members: readonly Member[], act: (member: Member) => Promise<void> | void): Promise<void> {
  await Promise.all(members.map(async (member) => await act(member)))
}
