import { createHash } from 'node:crypto'
import type { PeerIdentity } from '@gatehouse/im-model'
import { BoundedCache } from './bounded-cache.ts'
import { eku } from './eku.ts'
import type { Refusal } from './errors.ts'
import { noNames, subjectNames } from './peer-names.ts'
import { CrlSet, type CrlState, type RevocationMode } from './revocation.ts'
import { AnchorIndex, type TrustStore } from './trust-store.ts'
import { type ValidationContext, type ValidationResult, validateChain } from './validate-chain.ts'

/** Certificates from leaf to root that a path may have; RFC 5280 sets no limit, real ones have two to four. */
const MAX_CHAIN = 10
const MAX_CACHED = 4096
const MAX_CACHED_REFUSALS = 1024
const MAX_CACHED_AUTHORITIES = 256
/** A refusal may be mended by the other side's clock or ours; within this time it is not worked out again. */
const REFUSAL_KEPT_MS = 10_000

export interface ValidatorOptions {
  readonly stores: readonly TrustStore[]
  /** Revocation lists, DER. */
  readonly crls: readonly Uint8Array[]
  readonly revocation: RevocationMode
  readonly nowMs: () => number
  /** Longest accepted path without its root, 1–10; default 10. */
  readonly maxChain?: number
}

interface Proof {
  readonly chainDer: readonly Uint8Array[]
  readonly generation: number
  readonly validFromMs: number
  readonly validUntilMs: number
}

/** Says who a peer is by the chain it presented. One per edge; shared by all its connections. */
export class PeerValidator {
  readonly #nowMs: () => number
  readonly #maxChain: number
  readonly #revocation: RevocationMode
  #context: ValidationContext
  #generation = 0
  readonly #accepted = new BoundedCache<PeerIdentity>(MAX_CACHED)
  readonly #refused = new BoundedCache<PeerIdentity>(MAX_CACHED_REFUSALS)
  readonly #underWay = new Map<string, Promise<PeerIdentity>>()
  readonly #proofs = new WeakMap<PeerIdentity, Proof>()

  constructor(options: ValidatorOptions) {
    this.#nowMs = options.nowMs
    this.#maxChain = Math.min(MAX_CHAIN, Math.max(1, options.maxChain ?? MAX_CHAIN))
    this.#revocation = options.revocation
    this.#context = this.#makeContext(options.stores, options.crls)
  }

  /** Roots and revocation lists that could not be read; they are left out, which only ever refuses more. */
  get problems(): readonly Refusal[] {
    return [...this.#context.anchors.problems, ...this.#context.crls.problems]
  }

  /** The configured revocation lists, for status pages. */
  crlStates(): CrlState[] {
    return this.#context.crls.states(this.#nowMs())
  }

  /** New stores and lists from now on. Identities given out before count as no longer good: `revalidate` them. */
  reload(stores: readonly TrustStore[], crls: readonly Uint8Array[]): void {
    this.#context = this.#makeContext(stores, crls)
    this.#generation += 1
    this.#accepted.clear()
    this.#refused.clear()
  }

  /** Who presented this chain (leaf first, DER). Never throws; hostile bytes come out as an identity that is not authenticated. */
  validate(chainDer: readonly Uint8Array[]): Promise<PeerIdentity> {
    const key = chainKey(chainDer)
    const known = this.#known(key)
    if (known !== undefined) return Promise.resolve(known)
    // Ten links that a partner opens at once cost one validation.
    const flight = `${this.#generation}/${key}`
    const underWay = this.#underWay.get(flight)
    if (underWay !== undefined) return underWay
    const promise = this.#validateAnew(chainDer, key).finally(() => this.#underWay.delete(flight))
    this.#underWay.set(flight, promise)
    return promise
  }

  /** What `validate` would say at another time; for telling what is wrong besides the time. Nothing is kept, and no door opens by it. */
  async judgeAt(chainDer: readonly Uint8Array[], atMs: number): Promise<PeerIdentity> {
    return identityOf(await validateChain(chainDer, this.#context, atMs))
  }

  /** The answer for a chain validated before, if it still holds; undefined: ask `validate`. */
  cached(chainDer: readonly Uint8Array[]): PeerIdentity | undefined {
    return this.#known(chainKey(chainDer))
  }

  /** True while nothing (time, stores, revocation lists) can have changed the answer. A refused identity is never good. */
  isStillGood(identity: PeerIdentity): boolean {
    const proof = this.#proofs.get(identity)
    if (proof === undefined || !identity.isAuthenticated || proof.generation !== this.#generation) return false
    const nowMs = this.#nowMs()
    return nowMs >= proof.validFromMs && nowMs <= proof.validUntilMs
  }

  /**
   * Holds a connection's chain against the present stores, lists and time: after `reload`, and now and then for expiry. A refused identity
   * stays refused; its connection is about to be closed.
   */
  revalidate(identity: PeerIdentity): Promise<PeerIdentity> {
    if (!identity.isAuthenticated || this.isStillGood(identity)) return Promise.resolve(identity)
    return this.validate(this.#proofs.get(identity)?.chainDer ?? [])
  }

  #makeContext(stores: readonly TrustStore[], crls: readonly Uint8Array[]): ValidationContext {
    return {
      anchors: new AnchorIndex(stores),
      crls: new CrlSet(crls),
      revocation: this.#revocation,
      maxChain: this.#maxChain,
      authorities: new BoundedCache(MAX_CACHED_AUTHORITIES),
    }
  }

  #known(key: string): PeerIdentity | undefined {
    const accepted = this.#accepted.get(key)
    if (accepted !== undefined) {
      if (this.isStillGood(accepted)) return accepted
      this.#accepted.delete(key)
      return undefined
    }
    const refused = this.#refused.get(key)
    const proof = refused === undefined ? undefined : this.#proofs.get(refused)
    if (proof === undefined) return undefined
    const nowMs = this.#nowMs()
    if (proof.generation === this.#generation && nowMs >= proof.validFromMs && nowMs <= proof.validUntilMs) return refused
    this.#refused.delete(key)
    return undefined
  }

  async #validateAnew(chainDer: readonly Uint8Array[], key: string): Promise<PeerIdentity> {
    const generation = this.#generation
    const nowMs = this.#nowMs()
    const result = await validateChain(chainDer, this.#context, nowMs)
    const identity = identityOf(result)
    const { isAuthenticated } = identity
    this.#proofs.set(identity, {
      // Only what may be validated again is kept: a stranger's chains would fill the memory.
      chainDer: isAuthenticated ? chainDer : [],
      generation,
      validFromMs: isAuthenticated ? result.validFromMs : nowMs,
      validUntilMs: isAuthenticated ? result.validUntilMs : nowMs + REFUSAL_KEPT_MS,
    })
    // A reload in the meantime: the answer is handed out, `isStillGood` says no, and nothing is kept.
    if (generation === this.#generation) (isAuthenticated ? this.#accepted : this.#refused).set(key, identity)
    return identity
  }
}

/** SHA-256 over the lengths and bytes of the chain, in the order presented. */
function chainKey(chainDer: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const der of chainDer) hash.update(`${der.length}:`).update(der)
  return hash.digest('base64')
}

/** What is not authenticated speaks for no name: names of a refused certificate stay in the refusal's detail. */
function identityOf(result: ValidationResult): PeerIdentity {
  const { leaf, refusal } = result
  const isAuthenticated = refusal === undefined && leaf !== undefined
  const usages = leaf?.extensions.extendedKeyUsage
  return {
    isAuthenticated,
    refusal,
    names: isAuthenticated ? subjectNames(leaf).names : noNames,
    anchors: result.anchors,
    mayBeTlsClient: leaf !== undefined && eku.mayBeTlsClient(usages),
    fingerprint: leaf?.fingerprint ?? '',
    spkiPin: leaf?.spkiPin ?? '',
    issuer: leaf?.issuer.text ?? '',
    serial: leaf?.serial ?? '',
    notAfterMs: leaf?.notAfterMs ?? 0,
  }
}
