import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSipUri } from '../uri/sip-uri.ts'
import { planTarget } from './plan-target.ts'

const rows: readonly (readonly [string, string])[] = [
  // RFC 3263 §4.2: an address needs no lookup, a port no SRV
  ['sip:bob@192.0.2.1', 'address tls 192.0.2.1 5061'],
  ['sip:bob@192.0.2.1:5099', 'address tls 192.0.2.1 5099'],
  ['sips:[2001:db8::1]', 'address tls 2001:db8::1 5061'],
  ['sip:fabrikam.example:5070', 'host tls fabrikam.example 5070'],
  ['sip:fabrikam.example', 'srv tls _sips._tcp.fabrikam.example 5061'],
  ['sips:bob@Fabrikam.Example', 'srv tls _sips._tcp.fabrikam.example 5061'],
  // RFC 3263 §4: maddr is the target when there is one
  ['sip:bob@fabrikam.example;maddr=edge.example.org', 'srv tls _sips._tcp.edge.example.org 5061'],
  ['sip:bob@fabrikam.example;maddr=192.0.2.9', 'address tls 192.0.2.9 5061'],
  // RFC 3263 §4.1: a transport that is named is planned for
  ['sip:bob@fabrikam.example;transport=tls', 'srv tls _sips._tcp.fabrikam.example 5061'],
  ['sip:bob@fabrikam.example;transport=TCP', 'srv tcp _sip._tcp.fabrikam.example 5060'],
  ['sip:bob@192.0.2.1;transport=udp', 'address udp 192.0.2.1 5060'],
  ['sip:bob@fabrikam.example:5060;transport=sctp', 'host other fabrikam.example 5060'],
  // RFC 3261 §26.2.2: sips is TLS whatever the parameter says
  ['sips:bob@fabrikam.example;transport=tcp', 'srv tls _sips._tcp.fabrikam.example 5061'],
  // a name that only begins like an address
  ['sip:bob@192.0.2.1.example.org', 'srv tls _sips._tcp.192.0.2.1.example.org 5061'],
]

for (const [text, expected] of rows) {
  test(text, () => {
    const uri = parseSipUri(text)
    assert.ok(uri !== undefined)
    const plan = planTarget(uri)
    const where = plan.kind === 'srv' ? `${plan.service} ${plan.fallbackPort}` : `${plan.host} ${plan.port}`
    assert.equal(`${plan.kind} ${plan.transport} ${where}`, expected)
  })
}
