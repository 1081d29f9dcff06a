import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { MethodDefinition, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js'
import { Metadata, status } from '@grpc/grpc-js'

/** `grpc.health.v1.HealthCheckResponse.ServingStatus`. */
const SERVING = 1
const NOT_SERVING = 2

/** An object, not the bare text: grpc-js takes an empty text for a missing message. */
interface HealthRequest {
  readonly service: string
}

/** `grpc.health.v1.Health/Check`, the standard probe: two messages of one field each, so written by hand. */
export const healthCheckMethod: MethodDefinition<HealthRequest, number> = {
  path: '/grpc.health.v1.Health/Check',
  requestStream: false,
  responseStream: false,
  requestSerialize: ({ service }) => Buffer.from(new BinaryWriter().tag(1, WireType.LengthDelimited).string(service).finish()),
  requestDeserialize: (bytes) => {
    const reader = new BinaryReader(bytes)
    let service = ''
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag()
      if (field === 1) service = reader.string()
      else reader.skip(wireType)
    }
    return { service }
  },
  responseSerialize: (value) => Buffer.from(new BinaryWriter().tag(1, WireType.Varint).int32(value).finish()),
  responseDeserialize: (bytes) => {
    const reader = new BinaryReader(bytes)
    let value = 0
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag()
      if (field === 1) value = reader.int32()
      else reader.skip(wireType)
    }
    return value
  },
}

/** Answers for the whole server (`""`) and for each of its services; NOT_FOUND for others, as the standard has it. */
export function healthHandler(
  isKnown: (service: string) => boolean,
  isServing: () => boolean,
): (call: ServerUnaryCall<HealthRequest, number>, reply: sendUnaryData<number>) => void {
  return (call, reply) => {
    if (call.request.service === '' || isKnown(call.request.service)) reply(null, isServing() ? SERVING : NOT_SERVING)
    else reply({ code: status.NOT_FOUND, details: 'unknown service', metadata: new Metadata() })
  }
}
