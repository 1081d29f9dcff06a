export { DecisionTeller, type DecisionTellerDeps, type ToldMessage } from './decision-teller.ts'
export { LiveHandlers, type LiveHandlersDeps } from './live-handlers.ts'
