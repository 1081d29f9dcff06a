export type { CodeEntry, CodeTable, Retry } from './gateway-error.ts'
export { errorsOf, GatewayError, messageOf } from './gateway-error.ts'
