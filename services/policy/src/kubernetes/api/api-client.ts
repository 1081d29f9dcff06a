import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { messageOf } from '@gatehouse/errors'
import { kubernetesError } from '../kubernetes-codes.ts'
import type { CredentialReader } from './credentials.ts'
import { JsonLines } from './json-lines.ts'

export interface ApiAnswer {
  readonly status: number
  readonly body: unknown
  /** Of the body as it came. */
  readonly sizeBytes: number
}

export interface ApiRequest {
  readonly method: 'GET' | 'PATCH'
  /** With its query. */
  readonly path: string
  /** Sent as a merge patch (RFC 7396). */
  readonly body?: unknown
  readonly signal: AbortSignal
  readonly maxBytes: number
}

export interface WatchRequest {
  readonly path: string
  readonly signal: AbortSignal
  /** The server has begun to tell. */
  readonly onOpen: () => void
  readonly onEvent: (event: unknown) => void
  /** Without a byte for so long the connection is taken for dead. */
  readonly silenceMs: number
}

/** What the controller asks of an API server. */
export interface KubernetesApi {
  /** Any answer, whatever its status; `body` undefined: it was longer than asked for. Rejects with GH-KUBERNETES-AWAY, -ANSWER or -FILE. */
  call(request: ApiRequest): Promise<ApiAnswer>
  /** Resolves when the server ends the stream, with the answer where it did not begin one. Rejects like `call`. */
  watch(request: WatchRequest): Promise<ApiAnswer | undefined>
  close(): void
}

const CALL_TIMEOUT_MS = 15_000
/** An event holds one object, which etcd limits to 1.5 MiB by default, in JSON. */
const MAX_EVENT_BYTES = 8 * 1_048_576
const MAX_ERROR_BYTES = 65_536

/** An API server over HTTPS. */
export class ApiClient implements KubernetesApi {
  readonly #server: URL
  readonly #credentials: CredentialReader

  constructor(server: string, credentials: CredentialReader) {
    this.#server = new URL(server)
    this.#credentials = credentials
  }

  async call(asked: ApiRequest): Promise<ApiAnswer> {
    const signal = AbortSignal.any([asked.signal, AbortSignal.timeout(CALL_TIMEOUT_MS)])
    try {
      const response = await this.#send(asked, signal)
      const bytes = await readBody(response, asked.maxBytes)
      const status = this.#statusOf(response)
      return { status, body: bytes === undefined ? undefined : parse(bytes), sizeBytes: bytes?.length ?? 0 }
    } catch (thrown) {
      throw awayUnlessCoded(thrown)
    }
  }

  async watch({ path, signal, onOpen, onEvent, silenceMs }: WatchRequest): Promise<ApiAnswer | undefined> {
    try {
      const response = await this.#send({ method: 'GET', path }, signal)
      const status = this.#statusOf(response)
      if (status !== 200) {
        const bytes = await readBody(response, MAX_ERROR_BYTES)
        return { status, body: bytes === undefined ? undefined : parse(bytes), sizeBytes: bytes?.length ?? 0 }
      }
      response.setTimeout(silenceMs, () => response.destroy(new Error('the watch has been silent for too long')))
      onOpen()
      const lines = new JsonLines(MAX_EVENT_BYTES)
      for await (const piece of response as AsyncIterable<Buffer>) {
        const events = lines.take(piece)
        if (events === undefined) throw kubernetesError('GH-KUBERNETES-ANSWER', 'A watch event is too long, or is no JSON.')
        for (const event of events) onEvent(event)
      }
      return undefined
    } catch (thrown) {
      throw awayUnlessCoded(thrown)
    }
  }

  close(): void {
    this.#credentials.close()
  }

  async #send({ method, path, body }: Pick<ApiRequest, 'method' | 'path' | 'body'>, signal: AbortSignal): Promise<IncomingMessage> {
    const { token, agent } = await this.#credentials.read()
    const payload = body === undefined ? undefined : JSON.stringify(body)
    return await new Promise((resolve, reject) => {
      const sent = request(
        new URL(path, this.#server),
        {
          method,
          agent,
          signal,
          headers: {
            authorization: `Bearer ${token}`,
            accept: 'application/json',
            ...(payload === undefined
              ? {}
              : { 'content-type': 'application/merge-patch+json', 'content-length': Buffer.byteLength(payload) }),
          },
        },
        resolve,
      )
      sent.once('error', reject)
      sent.end(payload)
    })
  }

  #statusOf({ statusCode = 0 }: IncomingMessage): number {
    if (statusCode === 401) this.#credentials.forget()
    return statusCode
  }
}

/** Undefined: longer than that. */
async function readBody(response: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length
    // leaving the loop destroys the response, and its connection with it
    if (bytes > maxBytes) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch (cause) {
    throw kubernetesError('GH-KUBERNETES-ANSWER', 'The answer is no JSON.', { cause })
  }
}

function awayUnlessCoded(thrown: unknown): unknown {
  const { code } = thrown as { code?: unknown }
  if (typeof code === 'string' && code.startsWith('GH-')) return thrown
  return kubernetesError('GH-KUBERNETES-AWAY', messageOf(thrown), { cause: thrown })
}
