import type { Retry } from '@gatehouse/errors'
import { errorsOf, GatewayError, messageOf } from '@gatehouse/errors'
import type { ServiceError } from '@grpc/grpc-js'
import { Metadata, status } from '@grpc/grpc-js'
import type { RpcCode } from './errors.ts'
import { rpcCodes } from './errors.ts'

const rpcError = errorsOf(rpcCodes)

/** The one table: our own codes and gRPC's, in both directions. */
const STATUS_OF_CODE: Readonly<Record<RpcCode, status>> = {
  'GH-RPC-UNREACHABLE': status.UNAVAILABLE,
  'GH-RPC-DEADLINE': status.DEADLINE_EXCEEDED,
  'GH-RPC-CANCELLED': status.CANCELLED,
  'GH-RPC-TOO-LARGE': status.RESOURCE_EXHAUSTED,
  'GH-RPC-NO-METHOD': status.UNIMPLEMENTED,
  'GH-RPC-UNREADABLE': status.INVALID_ARGUMENT,
  'GH-RPC-REFUSED': status.PERMISSION_DENIED,
  'GH-RPC-INTERNAL': status.INTERNAL,
  'GH-RPC-LISTEN': status.INTERNAL,
  'GH-RPC-ADDRESS': status.INTERNAL,
}

/** Codes of services say only whether trying again helps. */
const STATUS_OF_RETRY: Readonly<Record<Retry, status>> = {
  never: status.FAILED_PRECONDITION,
  later: status.UNAVAILABLE,
  elsewhere: status.UNAVAILABLE,
}

/** Metadata keys; `-bin` values may hold any UTF-8. */
const CODE_KEY = 'gatehouse-code'
const RETRY_KEY = 'gatehouse-retry'
const SUMMARY_KEY = 'gatehouse-summary-bin'
const REMEDY_KEY = 'gatehouse-remedy-bin'
const UNCERTAIN_KEY = 'gatehouse-uncertain'

export interface RpcStatus {
  readonly code: status
  readonly details: string
  readonly metadata: Metadata
}

/** What a caller is told about something thrown by a handler. Anything but a GatewayError stays inside: it may hold anything. */
export function statusOf(thrown: unknown): RpcStatus {
  const error = thrown instanceof GatewayError ? thrown : rpcError('GH-RPC-INTERNAL')
  const metadata = new Metadata()
  metadata.set(CODE_KEY, error.code)
  metadata.set(RETRY_KEY, error.retry)
  metadata.set(SUMMARY_KEY, Buffer.from(error.message))
  metadata.set(REMEDY_KEY, Buffer.from(error.remedy))
  if (!error.isCertain) metadata.set(UNCERTAIN_KEY, '1')
  return { code: grpcStatusOf(error), details: error.message, metadata }
}

function grpcStatusOf(error: GatewayError): status {
  if (isRpcCode(error.code)) return STATUS_OF_CODE[error.code]
  return error.refusesCaller ? status.PERMISSION_DENIED : STATUS_OF_RETRY[error.retry]
}

/** The same error on the caller's side; errors of gRPC itself get one of our codes. */
export function errorOfStatus(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  if (!isServiceError(thrown)) return rpcError('GH-RPC-INTERNAL', messageOf(thrown), { cause: thrown })
  const code = textOf(thrown.metadata, CODE_KEY)
  if (code === undefined) return errorOfGrpc(thrown)
  const entry = {
    summary: textOf(thrown.metadata, SUMMARY_KEY) ?? thrown.details,
    remedy: textOf(thrown.metadata, REMEDY_KEY) ?? '',
    retry: retryOf(textOf(thrown.metadata, RETRY_KEY)),
  }
  return new GatewayError(code, entry, '', { isCertain: textOf(thrown.metadata, UNCERTAIN_KEY) === undefined })
}

function errorOfGrpc(error: ServiceError): GatewayError {
  const found = Object.entries(STATUS_OF_CODE).find(([, grpcStatus]) => grpcStatus === error.code)
  const code = (found?.[0] ?? 'GH-RPC-INTERNAL') as RpcCode
  // A call that was cut off may have been carried out.
  const isCertain = code !== 'GH-RPC-DEADLINE' && code !== 'GH-RPC-CANCELLED'
  return rpcError(code, withoutNotes(error.details), { cause: error, isCertain })
}

/** grpc-js adds how it resolved the name, mostly as an empty note. */
function withoutNotes(details: string): string {
  return details.replace(/\s*Resolution note:\s*$/, '').replace(/^No connection established\. Last error: (?:Error: )?/, '')
}

function textOf(metadata: Metadata | undefined, key: string): string | undefined {
  const value = metadata?.get(key)[0]
  return value === undefined ? undefined : value.toString()
}

function retryOf(text: string | undefined): Retry {
  return text === 'later' || text === 'elsewhere' ? text : 'never'
}

function isRpcCode(code: string): code is RpcCode {
  return Object.hasOwn(STATUS_OF_CODE, code)
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && typeof (thrown as { code?: unknown }).code === 'number' && 'details' in thrown
}
