export { type AskInspector, type InspectAnswer, type InspectedMessage, type InspectQuestion, inspectMessage } from './inspect-message.ts'
export { inspectionTls } from './inspection-tls.ts'
export { InspectorCalls } from './inspector-calls.ts'
