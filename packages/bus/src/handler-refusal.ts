import { GatewayError, messageOf } from '@gatehouse/errors'

/** What a requester is told when a handler threw: the code of a gateway error, or a general one with the message. */
export function refusalDetail(thrown: unknown): string {
  return thrown instanceof GatewayError ? thrown.code : `GH-BUS-HANDLER ${messageOf(thrown)}`
}
