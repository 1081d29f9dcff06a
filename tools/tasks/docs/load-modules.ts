import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '../../..')

export interface LoadedModule {
  /** From the repository root. */
  readonly path: string
  /** Folder of its workspace, e.g. `packages/bus`. */
  readonly workspace: string
  readonly exports: Readonly<Record<string, unknown>>
}

/** Imports every source file of packages, services and apps whose path matches; importing has no side effects by house rule. */
export async function loadModules(matches: (path: string) => boolean): Promise<LoadedModule[]> {
  const found: LoadedModule[] = []
  for (const parent of ['packages', 'services', 'apps']) {
    for (const name of readdirSync(join(root, parent)).sort()) {
      const source = join(root, parent, name, 'src')
      if (!existsSync(source)) continue
      for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' }).sort()) {
        const path = relative(root, join(source, file))
        if (!path.endsWith('.ts') || path.endsWith('.test.ts') || !matches(path)) continue
        const loaded = (await import(pathToFileURL(join(root, path)).href)) as Record<string, unknown>
        found.push({ path, workspace: `${parent}/${name}`, exports: loaded })
      }
    }
  }
  return found
}

/** A Markdown table; bars and line ends in cells are escaped. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/\s*\n\s*/g, ' ')
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The first paragraph of a doc comment is not available at run time, so sections are named by their workspace. */
export function titleOf(workspace: string): string {
  return workspace.split('/')[1] ?? workspace
}
