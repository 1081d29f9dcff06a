import type { SipRequest } from '../message/sip-request.ts'

/**
 * Notes in the top Via where a request really came from, in place (RFC 3261 §18.2.1: when sent-by is a name or another
 * address; RFC 3581 §4 when asked with `rport`). Do it before the request is handed to the transactions.
 */
export function markSource(request: SipRequest, address: string, port: number): void {
  const via = request.topVia()
  if (via === undefined || (via.host === address && via.rport !== true)) return
  const source = address.includes(':') ? `[${address}]` : address
  if (via.rport === undefined && via.received === undefined) {
    request.headers.extendFirstValue('via', `;received=${source}`)
    return
  }
  const value = request.headers.values('via')[0] ?? ''
  const bare = dropParam(value, 'received')
  const marked = via.rport === true ? `${dropParam(bare, 'rport')};rport=${port}` : bare
  request.headers.replaceFirstValue('via', `${marked};received=${source}`)
}

/** Via parameters have no quoted `;` in any dialect in use, so they are taken apart at each one. */
function dropParam(value: string, name: string): string {
  const [head = '', ...params] = value.split(';')
  const kept = params.filter((param) => (param.split('=', 1)[0] ?? '').trim().toLowerCase() !== name)
  return [head, ...kept].join(';')
}
