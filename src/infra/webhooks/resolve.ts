/** Names of hosts into addresses. */
import { lookup, Resolver } from 'node:dns/promises'

/** All addresses of a name. `trusted`: the operator has named it, so files of this machine may say where it is. Rejects when it has none. */
export type Resolve = (name: string, trusted: boolean, signal: AbortSignal) => Promise<string[]>

/**
 * Names that anybody may give are asked of the name servers alone. The system's own lookup occupies a thread that files are read with, too,
 * for as long as a name server takes, which whoever gave the name may own.
 */
export const resolve: Resolve = async (name, trusted, signal) => {
  if (trusted) return (await lookup(name, { all: true })).map(({ address }) => address)
  const resolver = new Resolver({ timeout: 2000, tries: 2 })
  const cancel = (): void => { resolver.cancel() }
  signal.addEventListener('abort', cancel, { once: true })
  try {
    const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const addresses = found.flatMap((one) => one.status === 'fulfilled' ? one.value : [])
    const failed = found.find((one) => one.status === 'rejected')
    if (addresses.length === 0 && failed !== undefined) throw failed.reason
    return addresses
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}
