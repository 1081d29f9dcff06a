export { ArchivedMessage, type RecordedVerdict } from './archived-message.ts'
export { EntryReader } from './entry-reader.ts'
export { type CannotReplay, obstacle, replay } from './replay.ts'
export { type GroupCount, type SimulatedChange, Simulation, type SimulationOptions } from './simulation.ts'
