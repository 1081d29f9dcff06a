export { type AskInspector, type InspectAnswer, type InspectedMessage, type InspectQuestion, inspectMessage } from './inspect-message.ts'
export { InspectorCalls } from './inspector-calls.ts'
