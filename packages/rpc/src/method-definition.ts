import type { DescMessage, DescMethod, DescService, Message } from '@bufbuild/protobuf'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { errorsOf } from '@gatehouse/errors'
import { rpcCodes } from './errors.ts'

const rpcError = errorsOf(rpcCodes)

/** A decoded message, or why it could not be: grpc-js would answer its own words to a decoder that throws. */
export type Decoded = { readonly message: Message } | { readonly failure: Error }

/** grpc-js's view of a generated method: on each side the decoded form of the other side's object. */
export interface CallDefinition {
  readonly path: string
  readonly requestStream: boolean
  readonly responseStream: boolean
  readonly requestSerialize: (value: object) => Buffer
  readonly requestDeserialize: (bytes: Buffer) => Decoded
  readonly responseSerialize: (value: object) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => Decoded
}

/** This is the only place that encodes and decodes. */
export function methodDefinition(service: Pick<DescService, 'typeName'>, method: DescMethod): CallDefinition {
  return {
    path: `/${service.typeName}/${method.name}`,
    requestStream: method.methodKind === 'client_streaming',
    responseStream: method.methodKind === 'server_streaming',
    requestSerialize: (value) => encoded(method.input, value),
    requestDeserialize: (bytes) => decoded(() => fromBinary(method.input, bytes)),
    responseSerialize: (value) => encoded(method.output, value),
    responseDeserialize: (bytes) => decoded(() => fromBinary(method.output, bytes)),
  }
}

/** The message, or GH-RPC-UNREADABLE. */
export function messageOfDecoded(value: Decoded): Message {
  if ('message' in value) return value.message
  throw rpcError('GH-RPC-UNREADABLE', '', { cause: value.failure })
}

function decoded(decode: () => Message): Decoded {
  try {
    return { message: decode() }
  } catch (failure) {
    return { failure: failure instanceof Error ? failure : new Error(String(failure)) }
  }
}

function encoded(shape: DescMessage, value: object): Buffer {
  const bytes = toBinary(shape, create(shape, value as Record<string, unknown>))
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
