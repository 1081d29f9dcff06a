import { loadModules, markdownTable } from './load-modules.ts'

interface SubjectEntry {
  readonly name: string
  readonly kind: string
  readonly owner: string
  readonly queue?: string
  readonly payload: string
  readonly answer?: string
  readonly use: string
}

export async function subjectsPage(): Promise<string> {
  const [module] = await loadModules((path) => path === 'packages/bus/src/subjects.ts')
  if (module === undefined) throw new Error('packages/bus/src/subjects.ts is gone')
  const entries = (module.exports['subjectEntries'] as () => readonly SubjectEntry[])()
  const rows = entries.map((entry) => [
    `\`${entry.name}\``,
    entry.kind,
    entry.owner,
    entry.queue === undefined ? '' : `\`${entry.queue}\``,
    entry.payload,
    entry.answer ?? '',
    entry.use,
  ])
  return `# Bus subjects and buckets

\`<…>\` stands for one word. Payloads are protobuf messages of \`proto/gatehouse/v1\` unless said otherwise; trace context travels in headers.

${markdownTable(['subject or bucket', 'kind', 'answered or written by', 'queue group', 'payload', 'answer', 'use'], rows)}
`
}
