import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** IPv4-mapped IPv6 (RFC 4291 §2.5.5.2) as plain IPv4; zone dropped; lower case. */
export function plainAddress(address: string): string {
  const zone = address.indexOf('%')
  const bare = (zone < 0 ? address : address.slice(0, zone)).toLowerCase()
  if (bare.startsWith('::ffff:') && isIPv4(bare.slice(7))) return bare.slice(7)
  return bare
}

/** What limits count by: the IPv4 address, or the first 64 bits of an IPv6 one, since whoever has one of them has them all. */
export function limitKey(address: string): string {
  if (!isIPv6(address)) return address
  const [left = '', right] = address.split('::')
  const head = left === '' ? [] : left.split(':')
  if (right !== undefined) {
    const tail = right === '' ? [] : right.split(':')
    // An embedded IPv4 tail (::ffff:1.2.3.4) stands for two groups.
    const tailGroups = tail.length + (tail.at(-1)?.includes('.') === true ? 1 : 0)
    for (let missing = 8 - head.length - tailGroups; missing > 0; missing -= 1) head.push('0')
    head.push(...tail)
  }
  return `${head
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

/** CIDRs or single addresses as a list to check against; undefined when one of them is not an address. */
export function parseCidrs(cidrs: readonly string[]): BlockList | undefined {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const slash = cidr.indexOf('/')
    const network = slash < 0 ? cidr : cidr.slice(0, slash)
    const family = isIPv4(network) ? 'ipv4' : isIPv6(network) ? 'ipv6' : undefined
    if (family === undefined) return undefined
    const widest = family === 'ipv4' ? 32 : 128
    const bits = slash < 0 ? widest : Number(cidr.slice(slash + 1))
    if (!Number.isInteger(bits) || bits < 0 || bits > widest || cidr.endsWith('/')) return undefined
    list.addSubnet(network, bits, family)
  }
  return list
}

/** True when the (plain) address is in the list. */
export function isListed(list: BlockList, address: string): boolean {
  return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}
