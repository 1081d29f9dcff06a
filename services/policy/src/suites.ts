export { runDirectorySuite } from './directory/directory-suite.ts'
export { runFactsSuite } from './facts/facts-suite.ts'
export { PostgresFactsDatabase } from './facts/postgres-facts-database.ts'
export { runStoreSuite } from './store/store-suite.ts'
