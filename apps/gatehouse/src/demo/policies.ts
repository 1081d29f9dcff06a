/** The policy documents of the demo, as an operator would write them. */

/** Contoso: a direct partner, a clearinghouse for the rest, and open federation under watch. */
export function contosoPolicy(fabrikamPort: number, clearinghousePort: number): string {
  return `apiVersion: gatehouse/v1
kind: FederationSettings
metadata: { name: settings }
spec:
  enabled: true
  discovery: true
  defaultRoute: clearinghouse
  unverified: { message: contactsOnly, presence: contactsOnly }
---
apiVersion: gatehouse/v1
kind: InternalDomain
metadata: { name: contoso }
spec: { domain: contoso.example }
---
apiVersion: gatehouse/v1
kind: Partner
metadata: { name: fabrikam }
spec:
  domains: [fabrikam.example]
  edge: sip.fabrikam.example:${fabrikamPort}
---
apiVersion: gatehouse/v1
kind: Clearinghouse
metadata: { name: clearinghouse }
spec:
  edge: sip.clearinghouse.example:${clearinghousePort}
  verification: alwaysVerifiable
---
apiVersion: gatehouse/v1
kind: UserRights
metadata: { name: bob }
spec:
  user: bob@contoso.example
  contacts: [eve@woodgrove.example]
---
apiVersion: gatehouse/v1
kind: Network
metadata: { name: jabber }
spec:
  protocol: xmpp
  domains: [jabber.example]
  enabled: true
  queue: { maxAgeMinutes: 60 }
`
}

/** Fabrikam: Contoso is allowed, its edge is found by SRV. */
export function fabrikamPolicy(): string {
  return `apiVersion: gatehouse/v1
kind: FederationSettings
metadata: { name: settings }
spec: { enabled: true }
---
apiVersion: gatehouse/v1
kind: InternalDomain
metadata: { name: fabrikam }
spec: { domain: fabrikam.example }
---
apiVersion: gatehouse/v1
kind: AllowedDomain
metadata: { name: contoso }
spec: { domain: contoso.example, reason: joint project, owner: it@fabrikam.example }
`
}

/** The clearinghouse: carries between its members and for nobody else. */
export function clearinghousePolicy(contosoPort: number, northwindPort: number): string {
  return `apiVersion: gatehouse/v1
kind: FederationSettings
metadata: { name: settings }
spec: { enabled: true, beClearinghouse: true }
---
apiVersion: gatehouse/v1
kind: InternalDomain
metadata: { name: clearinghouse }
spec: { domain: clearinghouse.example }
---
apiVersion: gatehouse/v1
kind: Partner
metadata: { name: contoso }
spec:
  domains: [contoso.example]
  edge: sip.contoso.example:${contosoPort}
---
apiVersion: gatehouse/v1
kind: Partner
metadata: { name: northwind }
spec:
  domains: [northwind.example]
  edge: sip.northwind.example:${northwindPort}
  verification: alwaysVerifiable
`
}

/** What the demo adds while everything runs. */
export const blockNorthwind = `apiVersion: gatehouse/v1
kind: BlockEntry
metadata: { name: northwind }
spec:
  domain: northwind.example
  owner: security@contoso.example
  reason: contract ended
`
