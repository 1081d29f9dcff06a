/** One entry as the directory gave it. */
export interface DirectoryEntry {
  readonly dn: string
  /** Values of an attribute, whatever its case; none when it is absent. */
  readonly values: (attribute: string) => readonly string[]
}

export interface DirectorySearch {
  readonly base: string
  readonly filter: string
  readonly attributes: readonly string[]
}

/** An open connection, for one pass. */
export interface DirectoryConnection {
  /** Every entry, page by page. Ends only when the server said that this was all; everything else throws. */
  pages(search: DirectorySearch): AsyncIterable<readonly DirectoryEntry[]>
  close(): Promise<void>
}

/** Where entries come from: LDAP, or a test's own. Throws GH-DIRECTORY-…. */
export interface DirectorySource {
  connect(): Promise<DirectoryConnection>
}
