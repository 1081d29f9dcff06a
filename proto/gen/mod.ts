export * from './gatehouse/v1/archive_pb.ts'
export * from './gatehouse/v1/envelope_pb.ts'
export * from './gatehouse/v1/peering_pb.ts'
export * from './gatehouse/v1/policy_pb.ts'
