/** PEM texts of one end of mutual TLS. */
export interface RpcTls {
  /** Our certificate and its intermediates. */
  readonly certPem: string
  readonly keyPem: string
  /** The private authority both ends trust: nothing else is believed. */
  readonly caPem: string
}
