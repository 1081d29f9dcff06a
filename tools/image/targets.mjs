/** What stands outside carries no more than it uses: no client of a database or of a directory in the perimeter. */
const NO_STORE = ['pg', 'kysely', 'ldapts']

/**
 * The images, which are also the stages of the Dockerfile.
 * @type {readonly { readonly name: string, readonly services: readonly string[], readonly leftOut: readonly string[] }[]}
 */
export const targets = [
  { name: 'gatehouse', services: ['policy', 'archive', 'federation-peer', 'public-im-bridge'], leftOut: [] },
  { name: 'policy', services: ['policy'], leftOut: [] },
  { name: 'archive', services: ['archive'], leftOut: ['ldapts'] },
  { name: 'federation-peer', services: ['federation-peer'], leftOut: NO_STORE },
  { name: 'public-im-bridge', services: ['public-im-bridge'], leftOut: NO_STORE },
]
