import { closestName } from '@gatehouse/config'
import { isSameOrSubdomain, parseAddress } from '@gatehouse/im-model'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import { checkNetworks } from './check-networks.ts'
import { checkUserObjects } from './check-users.ts'
import type { DocumentCode } from './errors.ts'
import { ObjectIndex } from './object-index.ts'
import { policyKinds } from './policy-kinds.ts'
import { type DocumentProblem, keyOf, type PlacedObject } from './problem.ts'

type Placed<K extends PolicyKind> = { readonly object: Extract<PolicyObject, { kind: K }>; readonly place: PlacedObject['place'] }

/** Everything that is wrong, or odd, between objects that are right each for itself. Linear in the number of objects. */
export function checkObjects(objects: readonly PlacedObject[], nowMs: number): DocumentProblem[] {
  const check = new ObjectCheck(objects, nowMs)
  return [...check.run(), ...checkUserObjects(objects, nowMs)]
}

class ObjectCheck {
  readonly #objects: readonly PlacedObject[]
  readonly #nowMs: number
  readonly #problems: DocumentProblem[] = []
  readonly #internal = new Map<string, boolean>()
  readonly #partnerDomains = new Map<string, PlacedObject>()
  readonly #blockedDomains = new Map<string, PlacedObject>()

  constructor(objects: readonly PlacedObject[], nowMs: number) {
    this.#objects = objects
    this.#nowMs = nowMs
  }

  run(): DocumentProblem[] {
    this.#checkNames()
    this.#checkInternal()
    this.#checkBlocks()
    this.#checkPartners()
    this.#checkProviders()
    this.#checkAllowed()
    this.#problems.push(...checkNetworks(this.#objects, (domain) => this.#isInternal(domain)))
    this.#checkUsers()
    this.#checkSettings()
    return this.#problems
  }

  #of<K extends PolicyKind>(kind: K): Placed<K>[] {
    return this.#objects.filter((placed) => placed.object.kind === kind) as unknown as Placed<K>[]
  }

  #add(severity: DocumentProblem['severity'], placed: PlacedObject, code: DocumentCode, message: string): void {
    const object = keyOf(placed.object)
    this.#problems.push({ ...placed.place, severity, code, message: `${object}: ${message}`, object })
  }

  #checkNames(): void {
    const seen = new ObjectIndex<PlacedObject>()
    for (const placed of this.#objects) {
      const { kind, name } = placed.object
      const { isSingleton } = policyKinds[kind]
      const key = { kind, name: isSingleton ? '' : name }
      const first = seen.get(key)
      if (first === undefined) seen.set(key, placed)
      else if (isSingleton) this.#add('error', placed, 'GH-DOCUMENT-SINGLETON', `there is one already ${whereIs(first)}`)
      else this.#add('error', placed, 'GH-DOCUMENT-DUPLICATE-OBJECT', `the name is taken ${whereIs(first)}`)
    }
  }

  #checkInternal(): void {
    for (const placed of this.#of('InternalDomain')) {
      const { domain, subdomains } = placed.object.spec
      if (this.#internal.has(domain)) this.#add('warning', placed, 'GH-DOCUMENT-DUPLICATE-ENTRY', `'${domain}' is listed twice`)
      this.#internal.set(domain, subdomains || this.#internal.get(domain) === true)
    }
  }

  #checkBlocks(): void {
    const addresses = new Set<string>()
    for (const placed of this.#of('BlockEntry')) {
      const { domain, address, expires, mode } = placed.object.spec
      if (mode === 'observe') continue
      if (this.#isExpired(expires)) {
        this.#add('warning', placed, 'GH-DOCUMENT-EXPIRED', `the block expired at ${expires}`)
        continue
      }
      const isTwice = domain === undefined ? addresses.has(address ?? '') : this.#blockedDomains.has(domain)
      if (isTwice) this.#add('warning', placed, 'GH-DOCUMENT-DUPLICATE-ENTRY', `'${domain ?? address}' is blocked twice`)
      if (address !== undefined) addresses.add(address)
      if (domain !== undefined) this.#blockedDomains.set(domain, placed)
    }
    for (const placed of this.#of('InternalDomain')) {
      const block = this.#blockOf(placed.object.spec.domain)
      if (block !== undefined) {
        this.#add('warning', block, 'GH-DOCUMENT-BLOCKS-OURSELVES', `it covers the internal domain '${placed.object.spec.domain}'`)
      }
    }
  }

  #checkPartners(): void {
    for (const placed of this.#of('Partner')) {
      for (const domain of placed.object.spec.domains) {
        const other = this.#partnerDomains.get(domain)
        if (other !== undefined) {
          const what = other.object === placed.object ? 'stands in it twice' : `belongs to ${keyOf(other.object)} too`
          this.#add('error', placed, 'GH-DOCUMENT-DUPLICATE-ENTRY', `'${domain}' ${what}`)
        } else this.#partnerDomains.set(domain, placed)
        this.#checkNotInternal(placed, domain)
        if (placed.object.spec.enabled) this.#checkNotBlocked(placed, domain)
      }
    }
  }

  #checkProviders(): void {
    const edges = new Map<string, PlacedObject>()
    const domains = new Map<string, PlacedObject>()
    for (const placed of this.#of('Provider')) {
      const { spec } = placed.object
      const other = edges.get(spec.edge)
      if (other !== undefined) this.#add('error', placed, 'GH-DOCUMENT-DUPLICATE-ENTRY', `its edge is that of ${keyOf(other.object)}`)
      edges.set(spec.edge, placed)
      if (spec.enabled && spec.domains.length === 0 && !spec.checkSrv) {
        this.#add(
          'warning',
          placed,
          'GH-DOCUMENT-TOO-OPEN',
          'it may speak for any domain that no other entry has; write `domains:` or `checkSrv: true`',
        )
      }
      for (const domain of spec.domains) {
        const taken = domains.get(domain)
        if (taken !== undefined)
          this.#add('error', placed, 'GH-DOCUMENT-DUPLICATE-ENTRY', `'${domain}' belongs to ${keyOf(taken.object)} too`)
        domains.set(domain, placed)
        const partner = this.#partnerDomains.get(domain)
        if (partner !== undefined)
          this.#add('warning', placed, 'GH-DOCUMENT-UNREACHABLE', `'${domain}' belongs to ${keyOf(partner.object)}, which comes first`)
        this.#checkNotInternal(placed, domain)
        if (spec.enabled) this.#checkNotBlocked(placed, domain)
      }
    }
  }

  #checkAllowed(): void {
    const seen = new Set<string>()
    for (const placed of this.#of('AllowedDomain')) {
      const { domain, expires } = placed.object.spec
      if (seen.has(domain))
        this.#add('warning', placed, 'GH-DOCUMENT-DUPLICATE-ENTRY', `'${domain}' is allowed twice; the entry that lasts longer counts`)
      seen.add(domain)
      this.#checkNotInternal(placed, domain)
      if (this.#isExpired(expires)) this.#add('warning', placed, 'GH-DOCUMENT-EXPIRED', `the allowance expired at ${expires}`)
      else this.#checkNotBlocked(placed, domain)
      const partner = this.#partnerDomains.get(domain)
      if (partner !== undefined)
        this.#add('warning', placed, 'GH-DOCUMENT-UNREACHABLE', `'${domain}' belongs to ${keyOf(partner.object)}, which comes first`)
    }
  }

  #checkUsers(): void {
    const users = new Map<string, PlacedObject>()
    for (const placed of this.#of('UserRights')) {
      const { user } = placed.object.spec
      const other = users.get(user)
      if (other !== undefined)
        this.#add('error', placed, 'GH-DOCUMENT-DUPLICATE-ENTRY', `'${user}' has rights in ${keyOf(other.object)} too`)
      users.set(user, placed)
      const domain = parseAddress(user)?.domain ?? ''
      if (!this.#isInternal(domain)) this.#add('warning', placed, 'GH-DOCUMENT-UNREACHABLE', `'${domain}' is no internal domain`)
    }
  }

  #checkSettings(): void {
    const settings = this.#of('FederationSettings')[0]
    if (settings === undefined) return
    const { defaultRoute, beClearinghouse, discovery } = settings.object.spec
    if (defaultRoute === undefined) return
    const names = this.#of('Clearinghouse').map((placed) => placed.object.name)
    if (!names.includes(defaultRoute)) {
      const near = closestName(defaultRoute, names)
      const hint = near === undefined ? `there ${names.length === 0 ? 'is none' : `are: ${names.join(', ')}`}` : `did you mean '${near}'?`
      this.#add('error', settings, 'GH-DOCUMENT-REFERENCE', `'defaultRoute' names no Clearinghouse; ${hint}`)
    }
    if (beClearinghouse)
      this.#add('error', settings, 'GH-DOCUMENT-CLEARINGHOUSE', "'defaultRoute' and 'beClearinghouse' exclude each other")
    if (discovery) {
      const message = "with 'defaultRoute' messages to unknown domains go there; discovery only lets messages in"
      this.#add('warning', settings, 'GH-DOCUMENT-UNREACHABLE', message)
    }
  }

  #checkNotInternal(placed: PlacedObject, domain: string): void {
    if (this.#isInternal(domain)) this.#add('error', placed, 'GH-DOCUMENT-INTERNAL', `'${domain}' is an internal domain`)
  }

  #checkNotBlocked(placed: PlacedObject, domain: string): void {
    const block = this.#blockOf(domain)
    if (block === undefined) return
    this.#add(
      'warning',
      placed,
      'GH-DOCUMENT-BLOCK-WINS',
      `'${domain}' is blocked by ${keyOf(block.object)} ${whereIs(block)}, and the block wins`,
    )
  }

  #isInternal(domain: string): boolean {
    if (this.#internal.has(domain)) return true
    for (const [internal, subdomains] of this.#internal) if (subdomains && isSameOrSubdomain(domain, internal)) return true
    return false
  }

  #blockOf(domain: string): PlacedObject | undefined {
    let name = domain
    for (;;) {
      const block = this.#blockedDomains.get(name)
      if (block !== undefined) return block
      const dot = name.indexOf('.')
      if (dot < 0) return undefined
      name = name.slice(dot + 1)
    }
  }

  #isExpired(expires: string | undefined): boolean {
    return expires !== undefined && Date.parse(expires) <= this.#nowMs
  }
}

function whereIs(placed: PlacedObject): string {
  return placed.place.line === 0 ? `(${placed.place.file})` : `(${placed.place.file}:${placed.place.line})`
}
