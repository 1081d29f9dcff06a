export { type ConformanceSubject, type Far, runConnectorConformance } from './conformance.ts'
export { LoopbackNetwork, loopback } from './loopback.ts'
export { createTestContext, type TestContext, type TestContextParts } from './test-context.ts'
