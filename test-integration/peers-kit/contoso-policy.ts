/** What a set-up says in its policy beyond what all of them say; each field is more of the spec of its document. */
export interface ContosoPolicy {
  /** Of the federation, such as what unverified people may do. */
  readonly settings?: object
  /** Absent: no document, so that the duty is what Gatehouse takes for granted. */
  readonly archiving?: object
  /** Of the domain contoso.example. */
  readonly inside?: object
  /** Of fabrikam.example; absent: it is no partner. */
  readonly fabrikam?: object
}

/** One document of a policy, with the `---` before it: documents are put together by `+`. */
export function policyDocument(kind: string, name: string, spec: object): string {
  // YAML 1.2 is a superset of JSON
  return `---
apiVersion: gatehouse/v1
kind: ${kind}
metadata: { name: ${name} }
spec: ${JSON.stringify(spec)}
`
}

/** The policy that set-ups stand on: federation is on, contoso.example is inside. */
export function contosoPolicy({ settings, archiving, inside, fabrikam }: ContosoPolicy = {}): string {
  return [
    policyDocument('FederationSettings', 'settings', { enabled: true, ...settings }),
    archiving === undefined ? '' : policyDocument('Archiving', 'archiving', archiving),
    policyDocument('InternalDomain', 'contoso', { domain: 'contoso.example', ...inside }),
    fabrikam === undefined ? '' : policyDocument('Partner', 'fabrikam', { domains: ['fabrikam.example'], ...fabrikam }),
  ].join('')
}
