import { readFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { messageOf } from '@gatehouse/errors'
import { kubernetesError } from '../kubernetes-codes.ts'

export interface CredentialFiles {
  readonly tokenFile: string
  readonly caFile: string
}

export interface Credentials {
  readonly token: string
  /** Connections that trust the authority in the file. */
  readonly agent: Agent
}

/** Tokens live for an hour and are renewed well before; files are looked at no more often than this. */
const MAX_AGE_MS = 30_000
/** One watch for each kind, and a few calls beside them. */
const MAX_SOCKETS = 64

/** Token and authority as they stand in their files, which change under a running pod. */
export class CredentialReader {
  readonly #files: CredentialFiles
  readonly #nowMs: () => number
  #current: (Credentials & { readonly ca: string; readonly readAtMs: number }) | undefined

  constructor(files: CredentialFiles, nowMs: () => number) {
    this.#files = files
    this.#nowMs = nowMs
  }

  /** Rejects with GH-KUBERNETES-FILE. */
  async read(): Promise<Credentials> {
    const known = this.#current
    if (known !== undefined && this.#nowMs() - known.readAtMs < MAX_AGE_MS) return known
    const [token, ca] = await Promise.all([readText(this.#files.tokenFile), readText(this.#files.caFile)])
    const isSameAuthority = known?.ca === ca
    // requests that are under way end on the connections they have
    const agent = isSameAuthority ? known.agent : new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, ca })
    this.#current = { token: token.trim(), ca, agent, readAtMs: this.#nowMs() }
    return this.#current
  }

  /** The server did not take them: the files are read again next time. */
  forget(): void {
    if (this.#current !== undefined) this.#current = { ...this.#current, readAtMs: Number.NEGATIVE_INFINITY }
  }

  close(): void {
    this.#current?.agent.destroy()
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw kubernetesError('GH-KUBERNETES-FILE', messageOf(cause), { cause })
  }
}
