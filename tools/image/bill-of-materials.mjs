import { createHash } from 'node:crypto'

/**
 * What an image adds to its base, as CycloneDX 1.6. The same input gives the same octets: no clock, no chance.
 * @param {{ name: string, version: string }} product
 * @param {import('./production-packages.mjs').ProductionPackage[]} packages
 * @param {{ version: string, license: string, sha256: string }} node
 */
export function billOfMaterials(product, packages, node) {
  const components = [
    {
      type: 'platform',
      'bom-ref': `pkg:generic/node@${node.version}`,
      name: 'node',
      version: node.version,
      hashes: [{ alg: 'SHA-256', content: node.sha256 }],
      licenses: [licenseOf(node.license)],
      purl: `pkg:generic/node@${node.version}`,
      cpe: `cpe:2.3:a:nodejs:node.js:${node.version}:*:*:*:*:*:*:*`,
    },
    ...packages.map(componentOf),
  ]
  const body = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'container',
        'bom-ref': `gatehouse/${product.name}`,
        name: `gatehouse/${product.name}`,
        version: product.version,
        licenses: [licenseOf('Apache-2.0')],
      },
    },
    components,
  }
  return { ...body, serialNumber: `urn:uuid:${uuidOf(JSON.stringify(body))}` }
}

function componentOf({ name, entry, isWorkspace }) {
  const purl = `pkg:npm/${name.replace(/^@/, '%40')}@${entry.version}`
  const [algorithm, digest] = (entry.integrity ?? '').split('-')
  return {
    type: isWorkspace ? 'application' : 'library',
    'bom-ref': purl,
    name,
    version: entry.version,
    ...(algorithm === 'sha512' && digest !== undefined
      ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }
      : {}),
    ...(entry.license === undefined ? {} : { licenses: [licenseOf(entry.license)] }),
    purl,
  }
}

/** CycloneDX keeps single identifiers and expressions apart. */
function licenseOf(license) {
  return /[\s(]/.test(license) ? { expression: license } : { license: { id: license } }
}

/** RFC 9562 §5.8: a name of our own making, in the form of a UUID. */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(hex[16], 16) & 0x3) | 0x8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
