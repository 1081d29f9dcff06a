import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { crlsFrom, type NamedFile, PeerValidator, trustStoreFrom } from '@gatehouse/peer-identity'
import type { Logger } from '@gatehouse/telemetry'
import { bridgeCodes } from '../../errors.ts'
import { loadOwnCertificate, type OwnCertificate } from './own-certificate.ts'

const bridgeError = errorsOf(bridgeCodes)
/** Certificates are renewed days before they end. */
const LOOK_AGAIN_MS = 60_000

export interface CredentialFiles {
  readonly certificates: readonly { readonly certFile: string; readonly keyFile: string }[]
  readonly trust: readonly { readonly name: string; readonly files: readonly string[] }[]
  readonly crlFiles: readonly string[]
}

/** Our certificates and those we trust, from files that may change while we run; a broken file leaves in force what was there. */
export class Credentials {
  readonly validator: PeerValidator
  readonly #files: CredentialFiles
  readonly #log: Logger
  readonly #every: (intervalMs: number, run: () => void) => () => void
  #own: readonly OwnCertificate[] = []
  #digest = ''
  #stop: () => void = () => {}

  constructor(
    files: CredentialFiles,
    deps: { readonly log: Logger; readonly nowMs: () => number; readonly every: (intervalMs: number, run: () => void) => () => void },
  ) {
    this.#files = files
    this.#log = deps.log
    this.#every = deps.every
    this.validator = new PeerValidator({ stores: [], crls: [], revocation: 'whenPresent', nowMs: deps.nowMs })
  }

  get own(): readonly OwnCertificate[] {
    return this.#own
  }

  /** Rejects with GH-BRIDGE-CERTIFICATE: nothing was in force before. */
  async start(): Promise<void> {
    await this.#load()
    this.#stop = this.#every(LOOK_AGAIN_MS, () => {
      this.#load().catch((err: unknown) => this.#log.error({ err }, 'certificates not loaded; what was in force stays'))
    })
  }

  stop(): void {
    this.#stop()
  }

  async #load(): Promise<void> {
    const own = await Promise.all(this.#files.certificates.map(loadOwnCertificate))
    const stores = await Promise.all(
      this.#files.trust.map(async ({ name, files }) => ({ name, files: await Promise.all(files.map(readNamed)) })),
    )
    const lists = await Promise.all(this.#files.crlFiles.map(readNamed))
    this.#own = own
    const digest = digestOf([...stores.flatMap(({ files }) => files), ...lists])
    if (digest === this.#digest) return
    const read = stores.map(({ name, files }) => trustStoreFrom(name, files))
    const crls = crlsFrom(lists)
    const [problem] = [...read.flatMap(({ problems }) => problems), ...crls.problems]
    if (problem !== undefined) throw bridgeError('GH-BRIDGE-CERTIFICATE', problem.detail)
    this.validator.reload(
      read.map(({ store }) => store),
      crls.crls,
    )
    this.#digest = digest
  }
}

async function readNamed(name: string): Promise<NamedFile> {
  try {
    return { name, bytes: await readFile(name) }
  } catch (cause) {
    throw bridgeError('GH-BRIDGE-CERTIFICATE', messageOf(cause), { cause })
  }
}

function digestOf(files: readonly NamedFile[]): string {
  const hash = createHash('sha256')
  for (const { name, bytes } of files) hash.update(`${name} ${bytes.byteLength}\n`).update(bytes)
  return hash.digest('hex')
}
