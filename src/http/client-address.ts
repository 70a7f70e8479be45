/** The address of whoever sent a request: of the client where a proxy that is trusted tells it, else of the other end of the connection. */
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { TrustedProxies } from '../config-proxy.ts'

/** What a proxy passes on may be anything: what is no address is not taken for one. */
export function clientAddress ({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  return isIP(ip) !== 0 ? ip : socket.remoteAddress ?? ''
}

/** As the framework asks, from the connection on: is what it was told by this address, so many proxies away, to be believed? A bare number it refuses, as it cannot know that nobody comes past the proxies. */
export function trusting (proxies: TrustedProxies): string[] | ((address: string, hop: number) => boolean) {
  return typeof proxies === 'number' ? (_address, hop) => hop < proxies : [...proxies]
}
