const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
/** RFC 5924. */
const SIP_DOMAIN = '1.3.6.1.5.5.7.3.20'
const ANY = '2.5.29.37.0'

/** Extended key usage, by what it means for federation. `undefined` usages: no such extension, anything goes (RFC 5280 §4.2.1.12). */
export const eku = {
  /**
   * Public authorities issue serverAuth only since 2026, so that is accepted from a connecting peer too; partners who want clientAuth
   * look at `mayBeTlsClient`.
   */
  isForFederation(usages: readonly string[] | undefined): boolean {
    return usages === undefined || [SERVER_AUTH, CLIENT_AUTH, SIP_DOMAIN, ANY].some((usage) => usages.includes(usage))
  },

  mayBeTlsClient(usages: readonly string[] | undefined): boolean {
    return usages === undefined || usages.includes(CLIENT_AUTH) || usages.includes(ANY)
  },

  mayBeTlsServer(usages: readonly string[] | undefined): boolean {
    return usages === undefined || usages.includes(SERVER_AUTH) || usages.includes(ANY)
  },
} as const
