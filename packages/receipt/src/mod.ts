export { ArchivedMessage, type RecordedVerdict } from './archived-message.ts'
export { EntryReader } from './entry-reader.ts'
export { type CannotReplay, judge, obstacle, replay } from './replay.ts'
