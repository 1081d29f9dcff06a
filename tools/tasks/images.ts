// Builds the images with the Docker engine at hand and says how large they are.
//   npm run images -- --tag 0.1.0 [--base IMAGE] [--node IMAGE] [--network host] [--measure] [--json]
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { createGzip } from 'node:zlib'
import { targets } from '../image/targets.mjs'

const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: 'latest' },
    base: { type: 'string' },
    node: { type: 'string' },
    network: { type: 'string' },
    measure: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})

interface Built {
  readonly image: string
  readonly seconds: number
  readonly bytes: number
  /** As `docker save | gzip` gives it, base and Node included; undefined when nobody asked. */
  readonly compressedBytes: number | undefined
}

const shared = [
  ...buildArgument('BASE_IMAGE', values.base),
  ...buildArgument('NODE_IMAGE', values.node),
  ...buildArgument('REVISION', revision()),
  ...(values.network === undefined ? [] : ['--network', values.network]),
]
const built: Built[] = []
for (const { name } of targets) built.push(await build(name))
if (values.json) process.stdout.write(`${JSON.stringify(built)}\n`)
else process.stdout.write(table(built))

async function build(target: string): Promise<Built> {
  const image = `gatehouse/${target}:${values.tag}`
  const startedMs = performance.now()
  const run = spawnSync('docker', ['build', ...shared, '--target', target, '-t', image, '.'], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  if (run.status !== 0) {
    process.stderr.write(
      `${run.stdout.slice(-6_000)}${run.stderr.slice(-6_000)}\n${run.error?.message ?? ''}\nimages: ${image} was not built\n`,
    )
    process.exit(1)
  }
  const seconds = (performance.now() - startedMs) / 1000
  const bytes = Number(execFileSync('docker', ['image', 'inspect', '--format', '{{.Size}}', image], { encoding: 'utf8' }))
  return { image, seconds, bytes, compressedBytes: values.measure ? await compressedBytes(image) : undefined }
}

async function compressedBytes(image: string): Promise<number> {
  const save = spawn('docker', ['save', image], { stdio: ['ignore', 'pipe', 'inherit'] })
  let bytes = 0
  const zip = save.stdout.pipe(createGzip({ level: 6 }))
  zip.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  await once(zip, 'end')
  return bytes
}

function buildArgument(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : ['--build-arg', `${name}=${value}`]
}

function revision(): string | undefined {
  const run = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' })
  return run.status === 0 ? run.stdout.trim() : undefined
}

function table(rows: readonly Built[]): string {
  const mb = (bytes: number | undefined): string => (bytes === undefined ? '-' : `${(bytes / 1e6).toFixed(1)} MB`)
  return rows
    .map(({ image, seconds, bytes, compressedBytes: gzip }) => [
      image.padEnd(40),
      mb(bytes).padStart(10),
      mb(gzip).padStart(10),
      `${seconds.toFixed(0)} s`.padStart(7),
    ])
    .reduce(
      (text, row) => `${text}${row.join('  ')}\n`,
      `${'image'.padEnd(40)}  ${'size'.padStart(10)}  ${'gzip'.padStart(10)}  ${'built in'.padStart(7)}\n`,
    )
}
