import type { PeerState } from '@gatehouse/proto'
import { PeeringService } from '@gatehouse/proto'
import type { Command } from '../cli/command.ts'
import { connectOptions } from '../cli/command.ts'
import { exitCodes } from '../cli/exit-codes.ts'
import { withGateway } from '../connect.ts'
import { ageOf } from '../output/format-time.ts'
import type { Cell, Paint } from '../output/table.ts'
import { formatTable } from '../output/table.ts'

export const peersCommand: Command = {
  name: 'peers',
  summary: 'List peers with live state, links and certificates',
  description:
    'Lists every partner that a replica of the edge has links with or wants them with: class, state and why, links in and out, requests and refusals, and when the certificate ends.',
  options: [
    { name: 'wide', short: 'w', description: 'More columns: remote address, TLS version, certificate, replica.' },
    ...connectOptions,
  ],
  examples: [
    { command: 'gatehouse peers', explanation: 'who is connected' },
    { command: 'gatehouse peers --json | jq \'.peers[] | select(.state != "up")\'', explanation: 'who is not' },
  ],
  run: async (call) => {
    const response = await withGateway(call, (connection) => connection.client(PeeringService).listPeers({ everyReplica: true }))
    const nowMs = call.io.nowMs()
    const isWide = call.flag('wide')
    const columns: Columns = { isWide, hasReplica: isWide || new Set(response.peers.map(({ replica }) => replica)).size > 1 }
    call.out.result(response, () =>
      formatTable(
        headers(columns),
        response.peers.map((peer) => row(peer, columns, nowMs)),
        call.out.style,
      ),
    )
    return exitCodes.ok.code
  },
}

const STATE_PAINT: Readonly<Record<string, Paint>> = { up: 'good', idle: 'dim', connecting: 'warn', backoff: 'bad', refused: 'bad' }

interface Columns {
  readonly isWide: boolean
  /** Where there are several. */
  readonly hasReplica: boolean
}

function headers({ isWide, hasReplica }: Columns): readonly string[] {
  const more = [...(isWide ? ['REMOTE', 'TLS', 'FINGERPRINT', 'DOMAINS'] : []), ...(hasReplica ? ['REPLICA'] : [])]
  return ['PARTNER', 'CLASS', 'SIDE', 'STATE', 'LINKS', 'IN', 'OUT', 'REFUSED', 'CERT ENDS', ...more, 'SINCE', 'DETAIL']
}

/** Whoever looks should see that somebody looks at the messages too. */
function stateText({ state, watch, tracedUntilUs }: PeerState): string {
  const notes = [watch, tracedUntilUs === 0n ? '' : 'traced'].filter((note) => note !== '')
  return notes.length === 0 ? state : `${state} (${notes.join(', ')})`
}

function row(peer: PeerState, { isWide, hasReplica }: Columns, nowMs: number): readonly Cell[] {
  const wide = isWide ? [peer.remote, peer.tlsVersion, peer.certificateFingerprint.slice(0, 16), peer.domains.join(' ')] : []
  const more = [...wide, ...(hasReplica ? [peer.replica] : [])]
  const ends = peer.certificateNotAfterUs === 0n ? '-' : `in ${ageOf(Number(peer.certificateNotAfterUs / 1_000n) - nowMs)}`
  const since = peer.sinceUs === 0n ? '-' : ageOf(nowMs - Number(peer.sinceUs / 1_000n))
  const state = { text: stateText(peer), paint: STATE_PAINT[peer.state] ?? 'warn' }
  const links = `${peer.linksIn} in ${peer.linksOut} out`
  return [
    peer.partner,
    peer.peerClass || '-',
    peer.side,
    state,
    links,
    peer.requestsIn,
    peer.requestsOut,
    peer.refused,
    ends,
    ...more,
    since,
    peer.detail || '-',
  ]
}
