/** The part of the configuration that says which proxies stand before the API, so that the addresses of clients that they tell are believed. */
import ipaddr from 'ipaddr.js'

/** How many proxies stand one behind the other, or their addresses and networks. */
export type TrustedProxies = number | readonly string[]

const MOST_HOPS = 32
/** Networks by the names that the HTTP library has for them. */
const NETWORKS = new Set(['loopback', 'linklocal', 'uniquelocal'])

/** Undefined for none. What is wrong is added to `problems`. */
export function readTrustedProxies (name: string, value: string | undefined, problems: string[]): TrustedProxies | undefined {
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) {
    const hops = Number(value)
    if (hops <= MOST_HOPS) return hops === 0 ? undefined : hops
    problems.push(`${name} is "${value}"; as a number of proxies it must be from 0 to ${MOST_HOPS}`)
    return undefined
  }
  const items = [...new Set(value.split(',').map((item) => item.trim().toLowerCase()).filter((item) => item !== ''))]
  const wrong = items.filter((item) => !isNetwork(item))
  if (wrong.length > 0 || items.length === 0) {
    problems.push(`${name} names "${wrong.join('", "')}"; it must be a number of proxies, or a list of addresses, of networks such as 10.0.0.0/8 or fd00::/8, and of ${[...NETWORKS].join(', ')}, with commas between`)
    return undefined
  }
  const all = items.find((item) => /\/0+$/.test(item))
  if (all === undefined) return items
  problems.push(`${name} names "${all}", which is every address: whoever asks could then say that he is somebody else; name the proxies alone`)
  return undefined
}

/** The value that `readTrustedProxies` makes this of. */
export function textOfTrustedProxies (proxies: TrustedProxies | undefined): string | undefined {
  return typeof proxies === 'object' ? proxies.join(', ') : proxies?.toString()
}

function isNetwork (item: string): boolean {
  if (item.includes('%')) return false
  return NETWORKS.has(item) || ipaddr.isValidCIDR(item) || ipaddr.IPv4.isValidFourPartDecimal(item) || ipaddr.IPv6.isValid(item)
}
