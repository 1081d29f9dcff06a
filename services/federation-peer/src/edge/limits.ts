/** Limits of one listener. Each number carries its reason in `defaultEdgeLimits`. */
export interface EdgeLimits {
  readonly maxConnections: number
  readonly maxConnectionsPerAddress: number
  readonly maxPendingHandshakes: number
  readonly connectBurstPerAddress: number
  readonly connectPerSecondPerAddress: number
  readonly handshakeTimeoutMs: number
  readonly proxyHeaderTimeoutMs: number
  readonly firstDataTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly closeTimeoutMs: number
  readonly writeHighBytes: number
  readonly writeHardBytes: number
  readonly writeStallTimeoutMs: number
}

export const defaultEdgeLimits: EdgeLimits = Object.freeze({
  // 10,000 idle peers is the aim of one process; half as many again lets a failed-over replica's peers in.
  maxConnections: 15_000,
  // A partner opens 1–4 links, an LCS next hop up to 40 (IncomingTLSCountForNextHop); several partners may share one NAT.
  maxConnectionsPerAddress: 64,
  // An RSA-2048 handshake costs about 1 ms of CPU; 256 in flight bound what a flood can hold without delaying a mass reconnect much.
  maxPendingHandshakes: 256,
  connectBurstPerAddress: 64,
  connectPerSecondPerAddress: 16,
  handshakeTimeoutMs: 10_000,
  // A load balancer writes the header at once.
  proxyHeaderTimeoutMs: 3_000,
  // A peer that connects has something to say; 64*T1 is SIP's own patience (RFC 3261 §17.1.1.1).
  firstDataTimeoutMs: 32_000,
  // LCS drops unused server links after minutes; 30 min outlives the 20 min keep-alive of its successors.
  idleTimeoutMs: 1_800_000,
  closeTimeoutMs: 5_000,
  // About 250 messages of 1 KiB: enough for a burst, small enough that the feeder is paused early.
  writeHighBytes: 262_144,
  writeHardBytes: 4_194_304,
  writeStallTimeoutMs: 20_000,
})
