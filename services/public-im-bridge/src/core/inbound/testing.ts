// What a test of the whole system needs of the way in: the door `@gatehouse/public-im-bridge/test`.
export { decidePassage, type EvidenceLookup } from './decide-passage.ts'
export { Passage } from './passage.ts'
