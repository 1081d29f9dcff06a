/** A Via value for TLS (RFC 3261 §16.6 step 8, §20.42). `host`: name or address, IPv6 with or without brackets. */
export function viaValue(sentBy: { readonly host: string; readonly port: number }, branch: string): string {
  const host = sentBy.host.includes(':') && !sentBy.host.startsWith('[') ? `[${sentBy.host}]` : sentBy.host
  return `SIP/2.0/TLS ${host}:${sentBy.port};branch=${branch}`
}
