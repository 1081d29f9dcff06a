import { Agent, request } from 'node:https'

export interface KubeCondition {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

/** Anything an API server answers, as far as tests look at it: an object, a list, an event, or what is wrong. */
export interface KubeBody {
  readonly kind: string
  readonly metadata?: { readonly name: string; readonly generation: number }
  readonly spec?: unknown
  readonly status?: {
    readonly observedGeneration?: number
    readonly inForce?: string
    readonly conditions?: readonly KubeCondition[]
    /** Of a TokenRequest. */
    readonly token?: string
  }
  readonly items: readonly unknown[]
  /** Of what is wrong. */
  readonly code: number
  readonly message: string
  /** Of an event. */
  readonly object?: { readonly code?: number }
}

export interface KubeAnswer {
  readonly status: number
  readonly body: KubeBody
  /** What `kubectl` prints as `Warning:` (RFC 9111 §5.5). */
  readonly warnings: readonly string[]
}

/** Somebody who speaks to an API server: plain HTTPS with a token. */
export class KubeClient {
  readonly #server: string
  readonly #token: string
  readonly #agent: Agent

  constructor(server: string, token: string, ca: string) {
    this.#server = server
    this.#token = token
    this.#agent = new Agent({ keepAlive: true, ca })
  }

  get(path: string): Promise<KubeAnswer> {
    return this.send('GET', path)
  }

  post(path: string, body: unknown): Promise<KubeAnswer> {
    return this.send('POST', path, body)
  }

  put(path: string, body: unknown): Promise<KubeAnswer> {
    return this.send('PUT', path, body)
  }

  delete(path: string): Promise<KubeAnswer> {
    return this.send('DELETE', path)
  }

  /** Server-side apply, as `kubectl apply --server-side` does. */
  apply(path: string, body: unknown): Promise<KubeAnswer> {
    return this.send('PATCH', `${path}?fieldManager=test&force=true`, body, 'application/apply-patch+yaml')
  }

  send(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<KubeAnswer> {
    const payload = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const sent = request(
        new URL(path, this.#server),
        {
          method,
          agent: this.#agent,
          timeout: 20_000,
          headers: { authorization: `Bearer ${this.#token}`, ...(payload === undefined ? {} : { 'content-type': contentType }) },
        },
        (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (piece: string) => {
            text += piece
          })
          response.on('error', reject)
          response.on('end', () => {
            const warnings = [response.headers['warning'] ?? []].flat().map((line) => line.replace(/^299 - "(.*)"$/, '$1'))
            resolve({ status: response.statusCode ?? 0, body: parse(text) as KubeBody, warnings })
          })
        },
      )
      sent.on('timeout', () => sent.destroy(new Error('the API server did not answer')))
      sent.on('error', reject)
      sent.end(payload)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
