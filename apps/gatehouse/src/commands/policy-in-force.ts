import { parsePolicy } from '@gatehouse/policy-document'
import type { PolicyObject } from '@gatehouse/policy-engine'
import type { RpcConnection } from '@gatehouse/rpc'
import type { Call } from '../cli/command.ts'
import { exportPolicyText } from './policy-calls.ts'

export interface PolicyInForce {
  readonly revision: bigint
  readonly objects: readonly PolicyObject[]
}

/** The objects of a revision; 0n: of the one in force. */
export async function readPolicyInForce(call: Call, connection: RpcConnection, wanted: bigint): Promise<PolicyInForce> {
  const { revision, text } = await exportPolicyText(call, connection, wanted)
  return { revision, objects: parsePolicy([{ name: `revision ${revision}`, text }], { nowMs: call.io.nowMs() }).objects }
}
