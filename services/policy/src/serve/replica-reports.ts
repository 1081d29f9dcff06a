import { type Bus, busSubjects } from '@gatehouse/bus'

/** Which revision a replica has in force, as it reports itself. */
export interface ReplicaReport {
  readonly service: string
  readonly replica: string
  readonly revision: number
  readonly sinceMs: number
  /** It decides by what it has for so long when it hears nothing; 0: for ever. Absent: written by a version that did not say. */
  readonly staleAfterMs?: number
}

/** All reports in the replicas bucket, by service and name; entries that are no reports are left out. */
export async function readReplicaReports(bus: Bus): Promise<ReplicaReport[]> {
  const kv = await bus.kv(busSubjects.replicasBucket.name)
  const reports: ReplicaReport[] = []
  for (const key of await kv.keys()) {
    const entry = await kv.get(key)
    const report = entry === undefined ? undefined : parseReport(entry.value)
    if (report !== undefined) reports.push(report)
  }
  return reports.sort((left, right) => left.service.localeCompare(right.service) || left.replica.localeCompare(right.replica))
}

/** An entry of the replicas bucket; undefined: it is no report. */
export function parseReport(bytes: Uint8Array): ReplicaReport | undefined {
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes)) as Partial<ReplicaReport>
    const isReport =
      typeof value.service === 'string' &&
      typeof value.replica === 'string' &&
      Number.isSafeInteger(value.revision) &&
      Number.isSafeInteger(value.sinceMs) &&
      (value.staleAfterMs === undefined || (Number.isSafeInteger(value.staleAfterMs) && value.staleAfterMs >= 0))
    return isReport ? (value as ReplicaReport) : undefined
  } catch {
    return undefined
  }
}
