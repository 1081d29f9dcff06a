import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runStep } from './run-step.ts'

/** Generates `proto/gen`; with `isCheck` into a scratch folder, and fails when the committed code differs. */
export function generateProto(options: { isCheck: boolean }): void {
  const out = options.isCheck ? mkdtempSync(join(tmpdir(), 'gatehouse-proto-')) : 'gen'
  const template = JSON.stringify({
    version: 'v2',
    plugins: [{ local: '../node_modules/.bin/protoc-gen-es', out, opt: ['target=ts', 'import_extension=ts', 'erasable_syntax=true'] }],
  })
  runStep('protobuf code (buf generate)', 'buf', ['generate', '--template', template], { cwd: 'proto' })
  const folder = options.isCheck ? out : join('proto', out)
  const files = readdirSync(join(folder, 'gatehouse/v1'))
    .filter((file) => file.endsWith('_pb.ts'))
    .sort()
  const door = `${files.map((file) => `export * from './gatehouse/v1/${file}'`).join('\n')}\n`
  if (!options.isCheck) {
    writeFileSync('proto/gen/mod.ts', door)
    return
  }
  const stale = files.filter(
    (file) => readFileSync(join(out, 'gatehouse/v1', file), 'utf8') !== readIfThere(join('proto/gen/gatehouse/v1', file)),
  )
  if (readIfThere('proto/gen/mod.ts') !== door) stale.push('mod.ts')
  rmSync(out, { recursive: true })
  if (stale.length > 0) {
    process.stdout.write(
      `proto/gen is not what proto/gatehouse/v1 generates (${stale.join(', ')}): run npm run proto and commit the result\n`,
    )
    process.exit(1)
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

if (import.meta.main) generateProto({ isCheck: false })
