import { parsePolicy } from '@gatehouse/policy-document'
import type { PolicyObject } from '@gatehouse/policy-engine'
import { PolicyAdminService } from '@gatehouse/proto'
import type { RpcConnection } from '@gatehouse/rpc'

export interface PolicyInForce {
  readonly revision: bigint
  readonly objects: readonly PolicyObject[]
}

/** The objects of a revision; 0n: of the one in force. */
export async function readPolicyInForce(connection: RpcConnection, wanted: bigint, nowMs: number): Promise<PolicyInForce> {
  const { revision, text } = await connection.client(PolicyAdminService).export({ revision: wanted })
  return { revision, objects: parsePolicy([{ name: `revision ${revision}`, text }], { nowMs }).objects }
}
