import { afterEach, describe } from 'node:test'
import { appendSuite } from './append-suite.ts'
import { type SuiteBed, stopArchives } from './archive-bed.ts'
import { badInputSuite } from './bad-input-suite.ts'
import { indexSuite } from './index-suite.ts'
import { sealSuite } from './seal-suite.ts'
import { searchSuite } from './search-suite.ts'
import { tamperSuite } from './tamper-suite.ts'

/** What every database has to do for the archive. The same tests run on each. */
export function runArchiveSuite(name: string, makeBed: () => Promise<SuiteBed>, options: { readonly skip: string | false }): void {
  describe(`the archive in ${name}`, options, () => {
    afterEach(stopArchives)
    appendSuite(makeBed)
    badInputSuite(makeBed)
    searchSuite(makeBed)
    sealSuite(makeBed)
    tamperSuite(makeBed)
    indexSuite(makeBed)
  })
}
