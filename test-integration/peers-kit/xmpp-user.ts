import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type ManagedProcess, startProcess } from './managed-process.ts'

/** Another Python that comes first on the PATH would not find Debian's python3-slixmpp. */
const DEBIAN_PYTHON = '/usr/bin/python3'
const SLIXMPP = '/usr/lib/python3/dist-packages/slixmpp'

/** For `node:test`'s `skip` option, as `skipWithout`: false when the client is there, else the reason. */
export function skipWithoutXmppUser(): string | false {
  if (existsSync(DEBIAN_PYTHON) && existsSync(SLIXMPP)) return false
  const reason = 'not installed: python3-slixmpp (run test-integration/install-peers.sh)'
  if (process.env['CI'] === 'true') throw new Error(reason)
  return reason
}

/** What the user's client saw. */
export interface XmppSighting {
  readonly event: 'ready' | 'refused' | 'disconnected' | 'message' | 'presence'
  readonly type: string
  readonly from: string
  readonly id: string
  readonly body: string
  /** The stanza as text. */
  readonly xml: string
}

/** A user of a real XMPP server on an independent client (slixmpp). */
export class XmppUser {
  readonly #process: ManagedProcess
  readonly jid: string

  constructor(process: ManagedProcess, jid: string) {
    this.#process = process
    this.jid = jid
  }

  static async start(options: { jid: string; password: string; host: string; port: number; folder: string }): Promise<XmppUser> {
    const { jid, password, host, port, folder } = options
    const started = await startProcess({
      name: `slixmpp as ${jid}`,
      command: DEBIAN_PYTHON,
      args: ['-u', join(import.meta.dirname, 'xmpp-user.py'), jid, password, host, String(port)],
      logFile: join(folder, `${jid.replace(/[^a-z0-9]/g, '-')}.log`),
      ready: { line: /"event": "ready"/ },
      readyTimeoutMs: 30_000,
    })
    return new XmppUser(started, jid)
  }

  /** Sends a stanza as it is. */
  send(stanza: string): void {
    this.#process.write(`${JSON.stringify({ xml: stanza })}\n`)
  }

  /** Everything seen so far. */
  seen(): XmppSighting[] {
    return this.#process
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => ({ type: '', from: '', id: '', body: '', xml: '', ...(JSON.parse(line) as Partial<XmppSighting>) }) as XmppSighting)
  }

  /** Resolves with the first sighting that fits, past or future. */
  async whenSeen(fits: (sighting: XmppSighting) => boolean, timeoutMs = 20_000): Promise<XmppSighting> {
    const deadline = performance.now() + timeoutMs
    while (performance.now() < deadline) {
      const found = this.seen().find(fits)
      if (found !== undefined) return found
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error(`${this.jid} did not see it in time; it saw ${JSON.stringify(this.seen().slice(-5))}`)
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }
}
