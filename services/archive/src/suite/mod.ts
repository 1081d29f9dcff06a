export { SampleRecords } from '../sample-records.ts'
export { findingsOf } from './append-suite.ts'
export {
  type ArchiveBed,
  collected,
  type MoreConfig,
  type OpenArchive,
  officer,
  openArchive,
  type SuiteBed,
  stopArchives,
} from './archive-bed.ts'
export { runArchiveSuite } from './store-suite.ts'
