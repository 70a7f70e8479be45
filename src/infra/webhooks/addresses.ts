/** Which addresses of the network anybody may have something sent to. */
import ipaddr from 'ipaddr.js'

/** Of IPv6 this part alone is routed over the Internet (RFC 4291, 2.4). */
const GLOBAL_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3')
/** Routable by its look, but answered by the host of a virtual machine: Azure's platform. */
const PLATFORM = new Set(['168.63.129.16'])

/**
 * Why nothing may be sent there, e.g. `loopback`; null when it is an address of the public Internet. Addresses that stand for others (mapped,
 * NAT64, 6to4, Teredo) are none: what they lead to is decided by routers, not by what is written in them.
 */
export function whyNotPublic (address: string): string | null {
  const parsed = ipaddr.parse(address)
  const range = parsed.range()
  if (range !== 'unicast') return range
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_IPV6)) return 'not global'
  return PLATFORM.has(parsed.toString()) ? 'platform' : null
}
