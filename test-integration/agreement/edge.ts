import { fromBinary } from '@bufbuild/protobuf'
import { GateRig } from '@gatehouse/federation-peer/test'
import type { FactsCache, SnapshotFollower } from '@gatehouse/policy-follow'
import { ArchiveRecordSchema } from '@gatehouse/proto'
import { createRequest, encodeMessage } from '@gatehouse/sip-core'
import type { Case } from './cases.ts'

/** What came of one case, wherever it was judged. */
export interface Judgement {
  readonly verdict: string
  readonly code: string
  readonly rule: string
  readonly mark: string
}

/** What the edge archived of a message. */
export interface EdgeRecord {
  readonly judgement: Judgement
  readonly bytes: Uint8Array
}

/** The bus and the archive of the rig answer within a few turns of the event loop. */
const MAX_TURNS = 1_000

/** The edge in memory, with the snapshot and the facts that came over the bus: SIP in, decisions out of the archive. */
export class Edge {
  readonly #rig: GateRig
  readonly #srvHosts = new Map<string, string>()
  #calls = 0

  constructor(follower: SnapshotFollower, facts: FactsCache, nowMs: number) {
    this.#rig = new GateRig({
      snapshot: () => follower.current(nowMs),
      srv: (domain) => ({
        status: 'found',
        targets: [{ host: this.#srvHosts.get(domain) ?? `sip.${domain}`, port: 5061, priority: 0, weight: 0 }],
      }),
      facts: {
        facts: (user) => facts.facts(user),
        lookupFacts: (user, onDone) => facts.lookupFacts(user, onDone),
        learned: () => {},
        held: () => {},
      },
    })
    this.#rig.nowMs = nowMs
  }

  /** Each message on a connection of its own, as the first message of one binds it to a class. */
  async judge(one: Case): Promise<EdgeRecord | undefined> {
    this.#srvHosts.clear()
    this.#srvHosts.set(outsideOf(one), one.srvHost)
    const callId = `call-${++this.#calls}`
    const known = this.#rig.archived().length
    const connection = this.#rig.open(one.side, one.side === 'internal' ? ['home.contoso.example'] : one.certificateNames)
    connection.receive(encodeMessage(requestOf(one, callId)))
    const record = await this.#recordOf(callId, known)
    connection.close()
    return record
  }

  async #recordOf(callId: string, known: number): Promise<EdgeRecord | undefined> {
    let seen = known
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const archived = this.#rig.archived()
      for (; seen < archived.length; seen++) {
        const bytes = archived[seen]!
        const judgement = judgementIn(bytes, callId)
        if (judgement !== undefined) return { bytes, judgement }
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    return undefined
  }
}

/** The end that is not ours to say: the sender of what comes from outside, the recipient of what goes there. */
export function outsideOf({ side, from, to }: Case): string {
  const address = side === 'external' ? from : to
  return address.slice(address.indexOf('@') + 1)
}

function requestOf(one: Case, callId: string): ReturnType<typeof createRequest> {
  const mark = one.mark === undefined ? [] : [['ms-asserted-verification-level', `ms-source-verified-user=${one.mark}`] as const]
  const carries = one.method === 'MESSAGE' && one.text !== ''
  return createRequest(
    one.method,
    `sip:${one.to}`,
    [
      ['Via', `SIP/2.0/TLS client.example.net:5061;branch=z9hG4bK${callId}`],
      ['Max-Forwards', '70'],
      ['From', `<sip:${one.from}>;tag=a1`],
      ['To', `<sip:${one.to}>`],
      ['Contact', '<sip:client.example.net;transport=tls>'],
      ['Call-ID', callId],
      ['CSeq', `1 ${one.method}`],
      ...mark,
      ...(carries ? [['Content-Type', 'text/plain; charset=utf-8'] as const] : []),
    ],
    Buffer.from(carries ? one.text : ''),
  )
}

/** Undefined: the record is about something else, such as what became of an earlier message. */
function judgementIn(bytes: Uint8Array, callId: string): Judgement | undefined {
  const { content } = fromBinary(ArchiveRecordSchema, bytes)
  if (content.case !== 'entry' || content.value.envelope?.conversation !== callId || content.value.decision === undefined) return undefined
  const { verdict, code, rule, mark } = content.value.decision
  return { verdict, code, rule, mark }
}
