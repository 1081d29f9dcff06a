import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

export const root: string = join(import.meta.dirname, '../..')

// Made by tools or fetched: nobody writes these by hand, so no rule applies to them.
const SKIPPED_FOLDERS = new Set(['node_modules', 'dist', '.git', '.cache', '.gatehouse', 'coverage', 'gen', 'results'])

export interface SourceFile {
  /** From the repository root, with `/`. */
  readonly path: string
  readonly text: string
}

export interface Workspace {
  /** From the repository root, with `/`. */
  readonly folder: string
  readonly name: string
  readonly kind: 'package' | 'service' | 'app' | 'other'
  readonly dependencies: readonly string[]
  /** Folders of its tsconfig references, from the repository root. */
  readonly references: readonly string[]
}

/** Every file below the given folders whose name ends in one of the endings. */
export function filesIn(folders: readonly string[], endings: readonly string[]): SourceFile[] {
  const found: SourceFile[] = []
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name)) walk(path)
      } else if (entry.isFile() && endings.some((ending) => entry.name.endsWith(ending))) {
        found.push({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') })
      }
    }
  }
  for (const folder of folders) if (existsSync(join(root, folder))) walk(join(root, folder))
  return found
}

export const CODE_FOLDERS = ['packages', 'services', 'apps', 'proto', 'tools', 'test-integration', 'bench', 'demo', 'examples'] as const

/** All TypeScript that people write. */
export function sourceFiles(): SourceFile[] {
  return filesIn(CODE_FOLDERS, ['.ts'])
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test-integration/')
}

/** Module names after `from`, `import` and `import(`, type imports included. */
export function importsOf(text: string): string[] {
  const names: string[] = []
  for (const match of withoutComments(text).matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\()\s*'([^'$]+)'/g)) names.push(match[1] as string)
  return names
}

/** The text with comments blanked; good enough for rules, since strings hold no `//` but in URLs. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
}

export function workspaces(): Workspace[] {
  const found: Workspace[] = []
  for (const [parent, kind] of [
    ['packages', 'package'],
    ['services', 'service'],
    ['apps', 'app'],
  ] as const) {
    for (const name of readdirSync(join(root, parent))) found.push(...workspaceAt(`${parent}/${name}`, kind))
  }
  return [...found, ...['proto', 'test-integration', 'bench'].flatMap((folder) => workspaceAt(folder, 'other'))]
}

function workspaceAt(folder: string, kind: Workspace['kind']): Workspace[] {
  if (!existsSync(join(root, folder, 'package.json'))) return []
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    name: string
    dependencies?: Record<string, string>
    devDependencies?: Record<string, string>
  }
  const config = JSON.parse(readFileSync(join(root, folder, 'tsconfig.json'), 'utf8')) as { references?: { path: string }[] }
  return [
    {
      folder,
      name: manifest.name,
      kind,
      dependencies: [...Object.keys(manifest.dependencies ?? {}), ...Object.keys(manifest.devDependencies ?? {})],
      references: (config.references ?? []).map(({ path }) =>
        relative(root, join(root, folder, path))
          .split(sep)
          .join('/'),
      ),
    },
  ]
}
