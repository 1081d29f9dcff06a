const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

export interface ProxyHeaderParts {
  /** 0 LOCAL, 1 PROXY. */
  readonly command?: number
  readonly family?: number
  /** IPv4. */
  readonly address?: string
  readonly ipv6Hex?: string
  readonly port?: number
  readonly tlv?: Buffer
  /** Instead of the addresses. */
  readonly block?: Buffer
}

/** A PROXY protocol v2 header as a balancer would send it. */
export function proxyHeader(parts: ProxyHeaderParts): Buffer {
  const { command = 1, port = 0, tlv = Buffer.alloc(0) } = parts
  const isFour = parts.ipv6Hex === undefined
  const source = isFour ? Buffer.from((parts.address ?? '0.0.0.0').split('.').map(Number)) : Buffer.from(parts.ipv6Hex, 'hex')
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(port, 0)
  ports.writeUInt16BE(5061, 2)
  const block = parts.block ?? Buffer.concat([source, Buffer.alloc(source.length, 1), ports, tlv])
  const fixed = Buffer.from([0x20 | command, parts.family ?? (isFour ? 0x11 : 0x21), block.length >> 8, block.length & 0xff])
  return Buffer.concat([SIGNATURE, fixed, block])
}
