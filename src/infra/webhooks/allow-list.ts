/** Addresses and names that the operator allows webhooks to have although they are not public: `10.0.0.0/8, fd00::/8, hooks.internal`. */
import ipaddr from 'ipaddr.js'
import { EspalierError } from '../../errors.ts'

type Cidr = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]

export interface AllowList {
  /** Is this the name of a host whose addresses are all allowed? Lower case, without a dot at its end. */
  hasName (name: string): boolean
  /** `address` as ipaddr.js reads it. */
  hasAddress (address: string): boolean
}

const NAME = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/
/** A name of digits and dots, or with a slash or colon, was meant to be an address. */
const LIKE_ADDRESS = /^[\d.]+$|[:/]/

function cidrOf (item: string): Cidr | undefined {
  if (ipaddr.isValidCIDR(item)) return ipaddr.parseCIDR(item)
  if (ipaddr.IPv4.isValidFourPartDecimal(item) || ipaddr.IPv6.isValid(item)) {
    const address = ipaddr.parse(item)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  }
  return undefined
}

/** @throws `invalid-configuration` naming what is neither an address, a range of them nor a name */
export function parseAllowList (text: string): AllowList {
  const cidrs: Cidr[] = []
  const names = new Set<string>()
  for (const item of text.split(',').map((part) => part.trim().toLowerCase()).filter((part) => part !== '')) {
    const cidr = cidrOf(item)
    if (cidr !== undefined) cidrs.push(cidr)
    else if (!LIKE_ADDRESS.test(item) && NAME.test(item)) names.add(item)
    else throw new EspalierError('invalid-configuration', `"${item}" is neither an address, nor a range such as 10.0.0.0/8 or fd00::/8, nor the name of a host`, { item })
  }
  return {
    hasName: (name) => names.has(name),
    hasAddress (address) {
      const parsed = ipaddr.parse(address)
      return cidrs.some(([range, bits]) => range.kind() === parsed.kind() && parsed.match(range, bits))
    },
  }
}
