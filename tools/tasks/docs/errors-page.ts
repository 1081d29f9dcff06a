import { isRecord, loadModules, markdownTable, titleOf } from './load-modules.ts'

interface CodeEntry {
  readonly summary: string
  readonly remedy: string
  readonly retry: string
  readonly sip?: number
  readonly diagnostics?: number
}

export interface CodeTableOf {
  readonly workspace: string
  readonly path: string
  readonly name: string
  readonly codes: Readonly<Record<string, CodeEntry>>
}

/** Every exported table whose name ends in `Codes` and whose rows have a summary and a remedy; each file that may hold one is looked at. */
export async function codeTables(): Promise<CodeTableOf[]> {
  const modules = await loadModules((path) => /\/(errors|[a-z-]+-codes|codes)\.ts$/.test(path))
  return modules.flatMap((each) =>
    Object.entries(each.exports)
      .filter(([name, value]) => /Codes$/.test(name) && isCodeTable(value))
      .map(([name, value]) => ({ workspace: each.workspace, path: each.path, name, codes: value as Record<string, CodeEntry> })),
  )
}

export async function errorsPage(): Promise<string> {
  const tables = await codeTables()
  const seen = new Map<string, CodeTableOf>()
  for (const table of tables) {
    for (const code of Object.keys(table.codes)) {
      const before = seen.get(code)
      // A table may be a union of others (an edge's codes inside a service's); the same row is not a clash.
      if (before !== undefined && before.codes[code] !== table.codes[code])
        throw new Error(`${code} is in ${before.path} and in ${table.path}`)
      seen.set(code, before ?? table)
    }
  }
  const sections = tables
    .map((table) => ({ table, codes: Object.entries(table.codes).filter(([code]) => seen.get(code) === table) }))
    .filter(({ codes }) => codes.length > 0)
    .map(({ table, codes }) => {
      const rows = codes.map(([code, entry]) => [
        `\`${code}\``,
        entry.summary,
        entry.remedy,
        entry.retry,
        entry.sip === undefined ? '' : String(entry.sip),
        entry.diagnostics === undefined ? '' : String(entry.diagnostics),
      ])
      return `## ${titleOf(table.workspace)}\n\nFrom \`${table.path}\`.\n\n${markdownTable(['code', 'what happened', 'what to do', 'retry', 'SIP', 'ms-diagnostics'], rows)}\n`
    })
  return `# Error and decision codes

Every refusal, failure and decision of Gatehouse has one of these codes. It stands in the log, in the archive, in \`gatehouse explain\` and, towards the inside, in \`ms-diagnostics\`. A partner outside sees the SIP status only.

*retry*: whether the same request may succeed later (\`later\`), by another way (\`elsewhere\`) or not at all (\`never\`). Codes are never reused.

${sections.join('\n')}
${await findingsSection()}`
}

/** What `gatehouse archive verify` can find: codes with one sentence each; nobody retries them. */
async function findingsSection(): Promise<string> {
  const modules = await loadModules((path) => path.startsWith('services/archive/src/verify/'))
  const findings = modules.map((each) => each.exports['FINDINGS']).find(isRecord) ?? {}
  const rows = Object.entries(findings).map(([code, text]) => [`\`${code}\``, String(text)])
  return `## Findings of archive verify\n\n${markdownTable(['code', 'what is wrong with the record'], rows)}\n`
}

function isCodeTable(value: unknown): boolean {
  return (
    isRecord(value) &&
    Object.values(value).every((entry) => isRecord(entry) && typeof entry['summary'] === 'string' && typeof entry['remedy'] === 'string')
  )
}
