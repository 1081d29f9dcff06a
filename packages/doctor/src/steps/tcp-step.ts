import { isOpen, judgeTcp, where } from '../judge/judge-tcp.ts'
import { knock } from '../wire/knock.ts'
import { type Step, skipped } from './step.ts'

export const tcpStep: Step = {
  name: 'tcp',
  run: async (examination) => {
    const { places, options } = examination
    if (places.length === 0) return skipped('there is no address to connect to')
    const knocks = await Promise.all(places.map((place) => knock(place, options.timeoutMs, () => performance.now())))
    examination.place = knocks.find(isOpen)?.place
    const facts = knocks.filter(isOpen).map(({ place, durationMs }) => [where(place), `${durationMs.toFixed(1)} ms`] as const)
    return { findings: judgeTcp(knocks), facts }
  },
}
