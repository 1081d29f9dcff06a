import { errorsOf } from '@gatehouse/errors'
import type { EdgeSide } from '@gatehouse/im-model'
import type { RevocationMode, TrustStore } from '@gatehouse/peer-identity'
import { crlsFrom, PeerValidator, trustStoreFrom } from '@gatehouse/peer-identity'

import type { EdgeClock, EdgeLog, EdgeMetrics, TlsFiles } from './connection.ts'
import type { EdgeCode } from './edge-codes.ts'
import { edgeCodes } from './edge-codes.ts'
import type { EdgeIdentity } from './edge-identity.ts'
import type { FileSet } from './file-watch.ts'
import { FileWatch, readFileSet } from './file-watch.ts'
import { loadOwnCertificate } from './own-certificate.ts'

export interface CertificateKeeperConfig {
  /** Our own certificate per side. */
  readonly own: Readonly<Record<EdgeSide, TlsFiles>>
  readonly trust: readonly { readonly name: string; readonly files: readonly string[] }[]
  readonly crlFiles: readonly string[]
  readonly revocation: RevocationMode
  readonly pollIntervalMs: number
}

export interface CertificateKeeperDeps {
  readonly clock: EdgeClock
  readonly log: EdgeLog
  readonly metrics: EdgeMetrics
}

/** How one set of files stands, for metrics and status pages. */
export interface CertificateState {
  readonly side: EdgeSide
  readonly names: readonly string[]
  readonly notAfterMs: number
  readonly fingerprint: string
  /** What is wrong with the files on disk, while the identity above stays in force. */
  readonly problem: string | undefined
}

interface Problem {
  readonly code: EdgeCode
  readonly detail: string
}

const errors = errorsOf(edgeCodes)
const sides: readonly EdgeSide[] = ['external', 'internal']

/**
 * Our certificates and those we trust, from files that may change while we run. What is new is checked before it counts;
 * a broken file leaves in force what was there.
 */
export class CertificateKeeper {
  readonly validator: PeerValidator
  readonly #config: CertificateKeeperConfig
  readonly #deps: CertificateKeeperDeps
  readonly #identities = new Map<EdgeSide, EdgeIdentity>()
  readonly #problems = new Map<EdgeSide | 'trust', Problem>()
  readonly #digests = new Map<EdgeSide | 'trust', string>()
  #watch: FileWatch | undefined
  #reloading: Promise<boolean> | undefined
  #onTrustChanged: () => Promise<unknown> = async () => {}

  constructor(config: CertificateKeeperConfig, deps: CertificateKeeperDeps) {
    this.#config = config
    this.#deps = deps
    this.validator = new PeerValidator({ stores: [], crls: [], revocation: config.revocation, nowMs: () => deps.clock.nowMs() })
  }

  /** Loads everything and begins to watch. Rejects with a GH-EDGE-CERT code when something is broken: nothing was in force before. */
  async start(): Promise<void> {
    await this.reload()
    const [problem] = this.#problems.values()
    if (problem !== undefined) throw errors(problem.code as keyof typeof edgeCodes, problem.detail)
    const { clock } = this.#deps
    const onChange = (): void => void this.reload()
    this.#watch = new FileWatch(this.#paths(), { clock, pollIntervalMs: this.#config.pollIntervalMs, onChange })
  }

  stop(): void {
    this.#watch?.stop()
  }

  /** Called after CAs or CRLs changed: judge live peers again (`EdgeHub.revalidate`). */
  onTrustChanged(run: () => Promise<unknown>): void {
    this.#onTrustChanged = run
  }

  /** What we show of ourselves on that side now. Only after `start`. */
  identityFor(side: EdgeSide): EdgeIdentity {
    const identity = this.#identities.get(side)
    if (identity === undefined) throw errors('GH-EDGE-CERT-UNREADABLE', `${side}: not loaded`)
    return identity
  }

  states(): CertificateState[] {
    return sides.flatMap((side) => {
      const identity = this.#identities.get(side)
      const problem = this.#problems.get(side)
      if (identity === undefined) return []
      const { names, notAfterMs, fingerprint } = identity
      return [{ side, names, notAfterMs, fingerprint, problem: problem === undefined ? undefined : `${problem.code} ${problem.detail}` }]
    })
  }

  /** What is wrong with the CA or CRL files on disk, while what was loaded before stays in force. */
  get trustProblem(): string | undefined {
    const problem = this.#problems.get('trust')
    return problem === undefined ? undefined : `${problem.code} ${problem.detail}`
  }

  /** Looks at the files now. True when anything new came into force. Never rejects; calls while one runs share it. */
  reload(): Promise<boolean> {
    this.#reloading ??= this.#reload().finally(() => {
      this.#reloading = undefined
    })
    return this.#reloading
  }

  async #reload(): Promise<boolean> {
    let isChanged = false
    for (const side of sides) if (await this.#reloadOwn(side)) isChanged = true
    if (await this.#reloadTrust()) {
      isChanged = true
      await this.#onTrustChanged()
    }
    return isChanged
  }

  async #reloadOwn(side: EdgeSide): Promise<boolean> {
    const { certificateFile, keyFile } = this.#config.own[side]
    const set = await this.#readIfNew(side, [certificateFile, keyFile])
    if (set === undefined) return false
    const certificate = set.files.get(certificateFile)
    const key = set.files.get(keyFile)
    if (certificate === undefined || key === undefined) return this.#refuse(side, unreadableOf(set))
    const loaded = loadOwnCertificate(certificate, key, this.#deps.clock.nowMs())
    if (!loaded.ok) return this.#refuse(side, loaded)
    const { names, notAfterMs, fingerprint } = loaded.identity
    this.#identities.set(side, loaded.identity)
    this.#accept(side, { names, notAfter: new Date(notAfterMs).toISOString(), fingerprint })
    return true
  }

  async #reloadTrust(): Promise<boolean> {
    const { trust, crlFiles, revocation } = this.#config
    const set = await this.#readIfNew('trust', [...trust.flatMap((store) => store.files), ...crlFiles])
    if (set === undefined) return false
    if (set.unreadable.size > 0) return this.#refuse('trust', unreadableOf(set))
    const named = (paths: readonly string[]) => paths.flatMap((path) => set.files.get(path) ?? [])
    const stores: TrustStore[] = []
    const problems: { detail: string }[] = []
    for (const { name, files } of trust) {
      const read = trustStoreFrom(name, named(files))
      stores.push(read.store)
      problems.push(...read.problems)
    }
    const lists = crlsFrom(named(crlFiles))
    problems.push(...lists.problems)
    // A trial first: a root or list that cannot be parsed would simply be left out, and a missing CRL lets revoked peers back in.
    const trial = new PeerValidator({ stores, crls: lists.crls, revocation, nowMs: () => this.#deps.clock.nowMs() })
    problems.push(...trial.problems)
    const [problem] = problems
    if (problem !== undefined) return this.#refuse('trust', { code: 'GH-EDGE-CERT-UNREADABLE', detail: problem.detail })
    this.validator.reload(stores, lists.crls)
    this.#accept('trust', { stores: stores.map((store) => store.name), crls: lists.crls.length })
    return true
  }

  /** The files, when they differ from what was looked at last; so a broken file is reported once, not at every poll. */
  async #readIfNew(what: EdgeSide | 'trust', paths: readonly string[]): Promise<FileSet | undefined> {
    const set = await readFileSet(paths)
    if (this.#digests.get(what) === set.digest) return undefined
    this.#digests.set(what, set.digest)
    return set
  }

  #accept(what: EdgeSide | 'trust', facts: object): void {
    this.#problems.delete(what)
    if (what !== 'trust') this.#deps.metrics.certificateReloaded(what, true)
    this.#deps.log.info({ what, ...facts }, 'certificates loaded')
  }

  #refuse(what: EdgeSide | 'trust', problem: Problem): false {
    this.#problems.set(what, { code: problem.code, detail: problem.detail })
    if (what !== 'trust') this.#deps.metrics.certificateReloaded(what, false)
    this.#deps.log.error({ what, code: problem.code, detail: problem.detail }, 'certificates not loaded; what was in force stays')
    return false
  }

  #paths(): string[] {
    const { own, trust, crlFiles } = this.#config
    const ownFiles = sides.flatMap((side) => [own[side].certificateFile, own[side].keyFile])
    return [...ownFiles, ...trust.flatMap((store) => store.files), ...crlFiles]
  }
}

function unreadableOf(set: FileSet): Problem {
  const [[path, why] = ['', '']] = set.unreadable
  return { code: 'GH-EDGE-CERT-UNREADABLE', detail: `${path}: ${why}` }
}
