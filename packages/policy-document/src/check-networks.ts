import type { DocumentCode } from './errors.ts'
import { type DocumentProblem, keyOf, type PlacedObject } from './problem.ts'

/** What is wrong between networks and whoever else has their domains or their name. */
export function checkNetworks(objects: readonly PlacedObject[], isInternal: (domain: string) => boolean): DocumentProblem[] {
  const problems: DocumentProblem[] = []
  const add = (severity: DocumentProblem['severity'], { object, place }: PlacedObject, code: DocumentCode, message: string): void => {
    problems.push({ ...place, severity, code, message: `${keyOf(object)}: ${message}`, object: keyOf(object) })
  }
  const owners = sipDomains(objects)
  const providers = new Set(objects.flatMap(({ object }) => (object.kind === 'Provider' ? [object.name] : [])))
  const hasDefaultRoute = objects.some(({ object }) => object.kind === 'FederationSettings' && object.spec.defaultRoute !== undefined)
  const taken = new Map<string, PlacedObject>()
  let open: PlacedObject | undefined
  for (const placed of objects) {
    const { object } = placed
    if (object.kind !== 'Network') continue
    if (providers.has(object.name)) {
      add('error', placed, 'GH-DOCUMENT-DUPLICATE-OBJECT', `a Provider has this name, and \`publicNetworks\` could mean either`)
    }
    for (const domain of object.spec.domains) {
      const other = taken.get(domain)
      if (other !== undefined) {
        const whose = other === placed ? 'stands in it twice' : `belongs to ${keyOf(other.object)} too`
        add('error', placed, 'GH-DOCUMENT-DUPLICATE-ENTRY', `'${domain}' ${whose}`)
      }
      taken.set(domain, placed)
      const owner = owners.get(domain)
      if (owner !== undefined)
        add('warning', placed, 'GH-DOCUMENT-UNREACHABLE', `'${domain}' belongs to ${keyOf(owner.object)}, which comes first`)
      if (isInternal(domain)) add('error', placed, 'GH-DOCUMENT-INTERNAL', `'${domain}' is an internal domain`)
    }
    if (!object.spec.openDomains) continue
    if (open !== undefined) add('error', placed, 'GH-DOCUMENT-DUPLICATE-ENTRY', `'openDomains' is taken by ${keyOf(open.object)}`)
    else if (hasDefaultRoute) {
      const message = "with 'defaultRoute' messages to unknown domains go there; 'openDomains' only lets messages in"
      add('warning', placed, 'GH-DOCUMENT-UNREACHABLE', message)
    }
    open = placed
  }
  return problems
}

/** Who has a domain over SIP, and so before any network. */
function sipDomains(objects: readonly PlacedObject[]): ReadonlyMap<string, PlacedObject> {
  const owners = new Map<string, PlacedObject>()
  for (const placed of objects) {
    const { object } = placed
    if (object.kind !== 'Partner' && object.kind !== 'Provider') continue
    for (const domain of object.spec.domains) if (!owners.has(domain)) owners.set(domain, placed)
  }
  return owners
}
