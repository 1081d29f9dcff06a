import { execFileSync } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findTool } from './find-tool.ts'
import type { PeerRack } from './peer-rack.ts'
import { localZone, runUnbound } from './unbound.ts'

/** unbound as a validating resolver over a zone that was signed a moment ago; what lies in another zone is not signed. Gives `address:port`. */
export async function startSignedZone(
  rack: PeerRack,
  options: {
    readonly name: string
    readonly zone: string
    readonly records: readonly string[]
    readonly unsigned?: readonly string[]
    readonly unsignedZone?: string
  },
): Promise<string> {
  const keygen = findTool('ldns-keygen')
  const sign = findTool('ldns-signzone')
  if (keygen === undefined || sign === undefined) throw new Error('ldnsutils have to be installed')
  const { zone, records } = options
  const folder = rack.path(options.name)
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'zone'),
    `$ORIGIN ${zone}.\n$TTL 60\n@ IN SOA ns.${zone}. root.${zone}. 1 3600 600 86400 60\n@ IN NS ns.${zone}.\nns IN A 127.0.0.1\n${records.join('\n')}\n`,
  )
  execFileSync(keygen, ['-a', 'ECDSAP256SHA256', '-k', zone], { cwd: folder, stdio: 'ignore' })
  const key = readdirSync(folder).find((file) => file.endsWith('.key')) ?? ''
  execFileSync(sign, ['zone', key.slice(0, -'.key'.length)], { cwd: folder, stdio: 'ignore' })
  const { unsigned = [], unsignedZone = 'example' } = options
  const unbound = await runUnbound(folder, {
    name: options.name,
    modules: 'validator iterator',
    server: [`trust-anchor-file: "${join(folder, key)}"`, ...(unsigned.length === 0 ? [] : localZone(unsignedZone, unsigned))],
    sections: `auth-zone:
  name: "${zone}."
  zonefile: "${join(folder, 'zone.signed')}"
  for-downstream: no
  for-upstream: yes
  fallback-enabled: no
`,
  })
  return rack.add(unbound).server
}

/** The data of a TLSA record for the key of a certificate: DANE-EE, its key, SHA-256 (RFC 7671 §5.1). */
export function tlsaOf(certificatePem: string): string {
  const spki = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' })
  return `3 1 1 ${createHash('sha256').update(spki).digest('hex')}`
}
