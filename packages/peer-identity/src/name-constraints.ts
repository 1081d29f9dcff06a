import { type Certificate, isSelfIssued } from './certificate.ts'
import { type DistinguishedName, printable } from './distinguished-name.ts'
import type { GeneralName, Subtree } from './general-name.ts'
import { readSipDomain, subjectNames } from './peer-names.ts'

/** Comparisons that one certificate may cause; OpenSSL draws the same kind of line. */
const MAX_COMPARISONS = 65_536

const URI_HOST = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:[\]]+)(?::\d*)?(?:[/?#]|$)/i

type Kind = GeneralName['kind']

/** `host` lies in `constraint`: equal or below it on a label boundary. */
function isWithinDomain(host: string, constraint: string): boolean {
  if (constraint === '') return true
  const base = constraint.startsWith('.') ? constraint.slice(1) : constraint
  return host === base || host.endsWith(`.${base}`)
}

/** RFC 5280 §4.2.1.10 for URI and e-mail hosts: a leading dot means names below, otherwise the host itself. */
function isHostOf(host: string, constraint: string): boolean {
  return constraint.startsWith('.') ? host.length > constraint.length && host.endsWith(constraint) : host === constraint
}

/**
 * Host of a URI. `sip:contoso.example` has no authority component in the words of RFC 3986, but its host part is what it certifies
 * (RFC 5922 §7.1), so that is what the constraint is held against. Undefined: no host name, which RFC 5280 §4.2.1.10 says to reject.
 */
function uriHost(uri: string): string | undefined {
  const sip = readSipDomain(uri)
  if (sip !== undefined) {
    if ('name' in sip) return sip.name
    const at = uri.lastIndexOf('@')
    const host = at < 0 ? undefined : readSipDomain(`sip:${uri.slice(at + 1)}`)
    return host !== undefined && 'name' in host ? host.name : undefined
  }
  return URI_HOST.exec(uri)?.[1]?.toLowerCase()
}

function withoutWildcard(name: string): string {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower.slice(0, -1) : lower
}

function emailMatches(email: string, constraint: string): boolean {
  const at = email.lastIndexOf('@')
  const host = email.slice(at + 1).toLowerCase()
  if (constraint.includes('@')) {
    const split = constraint.lastIndexOf('@')
    return email.slice(0, at) === constraint.slice(0, split) && host === constraint.slice(split + 1).toLowerCase()
  }
  return isHostOf(host, constraint.toLowerCase())
}

function ipMatches(address: Uint8Array, constraint: Uint8Array): boolean {
  if (constraint.length !== address.length * 2) return false
  return address.every((octet, i) => ((octet ^ (constraint[i] as number)) & (constraint[address.length + i] as number)) === 0)
}

function directoryMatches(name: DistinguishedName, constraint: DistinguishedName): boolean {
  return constraint.parts.every((part, i) => name.parts[i] === part)
}

/** One name against one subtree of the same kind; undefined: cannot be told, so the path is refused. */
function matches(name: GeneralName, base: GeneralName, isExcluding: boolean): boolean | undefined {
  if (name.kind === 'dns' && base.kind === 'dns') {
    const host = withoutWildcard(name.text)
    const constraint = withoutWildcard(base.text)
    if (isWithinDomain(host, constraint)) return true
    // A wildcard covers names below its base: excluded when one of them is.
    return isExcluding && host.startsWith('*.') && isWithinDomain(constraint.replace(/^\./, ''), host.slice(2))
  }
  if (name.kind === 'uri' && base.kind === 'uri') {
    const host = uriHost(name.text)
    return host === undefined ? undefined : isHostOf(host, base.text.toLowerCase())
  }
  if (name.kind === 'email' && base.kind === 'email') return emailMatches(name.text, base.text)
  if (name.kind === 'ip' && base.kind === 'ip') return ipMatches(name.bytes, base.bytes)
  if (name.kind === 'directory' && base.kind === 'directory') return directoryMatches(name.name, base.name)
  return undefined
}

function show(name: GeneralName): string {
  switch (name.kind) {
    case 'ip':
      return `IP:${Buffer.from(name.bytes).toString('hex')}`
    case 'directory':
      return name.name.text
    case 'other':
      return 'a name of another form'
    default:
      return `${name.kind === 'email' ? 'email' : name.kind.toUpperCase()}:${printable(name.text)}`
  }
}

/** Everything in a certificate that names its subject, in the forms that constraints speak of. */
function constrainedNames(certificate: Certificate, isLeaf: boolean): GeneralName[] {
  const names: GeneralName[] = [...(certificate.extensions.subjectAltName ?? [])]
  // RFC 5280 §4.2.1.10: directory constraints apply to a non-empty subject, e-mail ones to emailAddress where there is no SAN.
  if (!certificate.subject.isEmpty) names.push({ kind: 'directory', name: certificate.subject })
  if (certificate.extensions.subjectAltName === undefined) {
    for (const text of certificate.subject.emails) names.push({ kind: 'email', text })
  }
  // A common name that is used as a host name is constrained as one (the RFC is silent; OpenSSL does the same).
  const commonName = isLeaf ? subjectNames(certificate).names.commonName : undefined
  if (commonName !== undefined) names.push({ kind: 'dns', text: commonName })
  return names
}

/** Constraints gathered on the way down a path (RFC 5280 §6.1.2 b, c; §6.1.4 g). */
export class NameConstraintState {
  /** Each authority's permitted subtrees: a name has to fit into one of every authority that speaks of its form. */
  readonly #permitted: (readonly Subtree[])[] = []
  readonly #excluded: Subtree[] = []

  /** Takes the constraints of an authority before looking at what is below it. */
  enter(authority: Certificate): void {
    const constraints = authority.extensions.nameConstraints
    if (constraints === undefined) return
    if (constraints.permitted.length > 0) this.#permitted.push(constraints.permitted)
    this.#excluded.push(...constraints.excluded)
  }

  /** Why the certificate may not carry one of its names; undefined when it may carry all. RFC 5280 §6.1.3 b, c. */
  violation(certificate: Certificate, isLeaf: boolean): string | undefined {
    if (this.#permitted.length === 0 && this.#excluded.length === 0) return undefined
    if (!isLeaf && isSelfIssued(certificate)) return undefined
    const names = constrainedNames(certificate, isLeaf)
    let subtrees = this.#excluded.length
    for (const permitted of this.#permitted) subtrees += permitted.length
    if (names.length * subtrees > MAX_COMPARISONS) return 'there are too many names and constraints to compare'
    for (const name of names) {
      const why = this.#nameViolation(name)
      if (why !== undefined) return why
    }
    return undefined
  }

  #nameViolation(name: GeneralName): string | undefined {
    for (const subtree of this.#excluded) {
      const asked = this.#asFormOf(name, subtree.base.kind)
      if (asked === undefined) continue
      const isMatch = subtree.isPlain ? matches(asked, subtree.base, true) : undefined
      if (isMatch !== false) return `${show(name)} is excluded`
    }
    for (const permitted of this.#permitted) {
      const hasOwnForm = permitted.some((subtree) => subtree.base.kind === name.kind)
      let isConstrained = false
      let isPermitted = false
      for (const subtree of permitted) {
        const asked = hasOwnForm && subtree.base.kind !== name.kind ? undefined : this.#asFormOf(name, subtree.base.kind)
        if (asked === undefined) continue
        isConstrained = true
        if (subtree.isPlain && matches(asked, subtree.base, false) === true) isPermitted = true
      }
      if (isConstrained && !isPermitted) return `${show(name)} is not permitted`
    }
    return undefined
  }

  /**
   * The name as a constraint of that kind sees it; undefined: not concerned. A `sip:` URI is also held against DNS constraints: RFC 5280
   * alone would let an authority confined to `dNSName` subtrees certify `URI:sip:` of any domain, which is a SIP domain identity.
   */
  #asFormOf(name: GeneralName, kind: Kind): GeneralName | undefined {
    if (name.kind === kind) return name
    if (name.kind !== 'uri' || kind !== 'dns') return undefined
    const sip = readSipDomain(name.text)
    return sip !== undefined && 'name' in sip ? { kind: 'dns', text: sip.name } : undefined
  }
}
