import type { SeededRandom } from '@gatehouse/fuzz'
import type { Member } from './member.ts'
import type { Rig } from './rig.ts'
import type { TcpProxy } from './tcp-proxy.ts'

/** `…-both`: both replicas of a kind at once. `away`: a receiver is gone for so long that messages have to wait for it. */
export const FAULT_KINDS = ['kill', 'pause', 'kill-both', 'pause-both', 'cut', 'stall', 'disk-full', 'clock', 'away'] as const
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

const MAX_CLOCK_SHIFT_MS = 600_000
const MIN_MS = 300
const MAX_MS = 4_000
/** Longer than the gate waits for a link (4 s). */
const AWAY_MS = [5_000, 9_000] as const

/** A fault of the kind; undefined where this rig cannot have it. */
export function makeFault(rig: Rig, kind: FaultKind, random: SeededRandom): Fault | undefined {
  const durationMs = Math.round(random.between(MIN_MS, MAX_MS))
  const ofMember = (member: Member, inject: Fault['inject'], heal: Fault['heal'], target = member.name): Fault => {
    return { kind, target, durationMs, inject, heal }
  }
  const ofWire = (wire: TcpProxy, inject: () => void): Fault => ({ kind, target: wire.name, durationMs, inject, heal: () => wire.heal() })
  const member = random.pick(rig.members)
  const wire = random.pick(rig.wires)
  if (kind === 'kill')
    return ofMember(
      member,
      () => member.kill(),
      () => member.start(),
    )
  if (kind === 'pause')
    return ofMember(
      member,
      () => member.pause(),
      () => member.resume(),
    )
  if (kind === 'kill-both' || kind === 'pause-both') {
    if (rig.pairs.length === 0) return undefined
    const pair = random.pick(rig.pairs)
    const target = pair.map(({ name }) => name).join(' and ')
    const all = async (act: (each: Member) => Promise<void> | void): Promise<void> => {
      await Promise.all(pair.map(async (each) => await act(each)))
    }
    return kind === 'kill-both'
      ? { kind, target, durationMs, inject: () => all((each) => each.kill()), heal: () => all((each) => each.start()) }
      : { kind, target, durationMs, inject: () => all((each) => each.pause()), heal: () => all((each) => each.resume()) }
  }
  if (kind === 'cut') return ofWire(wire, () => wire.cut())
  if (kind === 'away') {
    const receiver = random.pick([rig.sites.homeWire, rig.sites.partnerWire])
    return { ...ofWire(receiver, () => receiver.cut()), durationMs: Math.round(random.between(...AWAY_MS)) }
  }
  if (kind === 'stall') return ofWire(wire, () => wire.stall())
  if (kind === 'disk-full') {
    if (!rig.disk.canFill) return undefined
    return ofMember(
      rig.disk.owner,
      () => rig.disk.fill(),
      () => rig.disk.free(),
      `disk of ${rig.disk.owner.name}`,
    )
  }
  const clocked = random.pick(rig.members.filter((each) => each.hasClock))
  const shiftMs = Math.round(random.between(-MAX_CLOCK_SHIFT_MS, MAX_CLOCK_SHIFT_MS))
  return ofMember(
    clocked,
    () => clocked.setClock(shiftMs),
    () => clocked.setClock(0),
    `clock of ${clocked.name} by ${Math.round(shiftMs / 1000)} s`,
  )
}

/** One fault, or two or three different ones together. */
export function drawFaults(rig: Rig, kinds: readonly FaultKind[], random: SeededRandom): Fault[] {
  if (kinds.length === 0) return []
  const count = random.next() < SHARE_OF_SINGLE ? 1 : random.next() < 0.5 ? 2 : 3
  const drawn: Fault[] = []
  for (let tries = 0; tries < MAX_TRIES && drawn.length < count; tries++) {
    const fault = makeFault(rig, random.pick(kinds), random)
    if (fault !== undefined && !drawn.some((other) => other.target.split(' by ')[0] === fault.target.split(' by ')[0])) drawn.push(fault)
  }
  return drawn
}

const SHARE_OF_SINGLE = 0.6
const MAX_TRIES = 50
