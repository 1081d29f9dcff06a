import type { Authority } from '@gatehouse/lab'
import { openDouble } from './double-site.ts'
import { openProsody } from './prosody-site.ts'

/** What the other end of the demo's public network is made of. */
export interface JabberOptions {
  readonly domain: string
  readonly user: string
  readonly address: string
  readonly authority: Authority
  /** Made here. */
  readonly folder: string
  /** `address:port`. */
  readonly dnsServer: string
  /** Tells DNS where other servers reach it. */
  readonly publish: (port: number) => void
  /** Program of a Prosody; undefined: none is installed. */
  readonly prosody: string | undefined
}

/** A public network with one person on it. */
export interface JabberSite {
  /** What it is, for the reader. */
  readonly made: string
  readonly person: string
  /** The person writes. */
  say(to: string, text: string): Promise<void>
  /** The next text that the person reads; rejects when there is none in time. */
  nextText(): Promise<string>
  /** The whole network goes away, and comes back. */
  goAway(): Promise<void>
  comeBack(): Promise<void>
  stop(): Promise<void>
}

/** A real Prosody where one is installed; else a stand-in, which says that it is one. */
export async function openJabber(options: JabberOptions): Promise<JabberSite> {
  const { prosody } = options
  if (prosody === undefined) return await openDouble(options, 'no Prosody is installed')
  return (await openProsody(prosody, options)) ?? (await openDouble(options, `${prosody} did not start`))
}
