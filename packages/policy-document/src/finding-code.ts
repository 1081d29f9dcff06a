import type { Finding } from '@gatehouse/config'
import type { DocumentCode } from './errors.ts'

/** The code of a document's mistake for what a schema found. */
export function documentCodeOf(finding: Finding): DocumentCode {
  switch (finding.code) {
    case 'GH-CONFIG-UNKNOWN-KEY':
      return 'GH-DOCUMENT-UNKNOWN-KEY'
    case 'GH-CONFIG-MISSING':
      return 'GH-DOCUMENT-MISSING'
    case 'GH-CONFIG-TYPE':
      return 'GH-DOCUMENT-TYPE'
    default:
      return 'GH-DOCUMENT-VALUE'
  }
}
