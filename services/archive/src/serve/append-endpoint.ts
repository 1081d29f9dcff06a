import { type Bus, type BusSubscription, busSubjects } from '@gatehouse/bus'
import type { Committer } from '../commit/committer.ts'

/** Serves `gh.v1.archive.append`: one promise per batch, none per record. */
export function serveAppend(
  bus: Bus,
  committer: Committer,
  onAnswered: (reply: Uint8Array, startedMs: number) => void,
): Promise<BusSubscription> {
  const { name, queue } = busSubjects.archiveAppend
  return bus.serve(name, queue, (message) => {
    const startedMs = performance.now()
    return new Promise((resolve) => {
      committer.append(message.data, (reply) => {
        onAnswered(reply, startedMs)
        resolve(reply)
      })
    })
  })
}
