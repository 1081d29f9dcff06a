import { isIP } from 'node:net'
import type { Place } from '../examination.ts'
import { type HostLook, judgeAddresses } from '../judge/judge-addresses.ts'
import { type Step, skipped } from './step.ts'

/** A doctor is no scanner: more hosts than any edge has, and more addresses, are not looked at. */
const MAX_HOSTS = 6
const MAX_ADDRESSES = 4

export const addressStep: Step = {
  name: 'address',
  run: async (examination, gate) => {
    const targets = examination.targets.slice(0, MAX_HOSTS)
    if (targets.length === 0) return skipped('there is no host to look up')
    const looks = await Promise.all(
      targets.map(async ({ host }): Promise<HostLook> => {
        if (isIP(host) !== 0) return { host, look: { addresses: [host], failure: '', isCertain: true, alias: undefined } }
        return { host, look: await gate.addresses(host) }
      }),
    )
    examination.places = targets.flatMap(({ host, port }, index): Place[] =>
      (looks[index]?.look.addresses ?? []).slice(0, MAX_ADDRESSES).map((address) => ({ host, address, port })),
    )
    const facts = looks
      .filter(({ host, look }) => look.addresses.length > 0 && look.addresses[0] !== host)
      .map(({ host, look }) => [host, look.addresses.slice(0, MAX_ADDRESSES).join(', ')] as const)
    return { findings: judgeAddresses(looks), facts }
  },
}
