/** The host of the API: Postgres, Valkey and the API, all reached at one address of the network; prints where, and ends when its input closes. */
import { createServer, connect, type Server } from 'node:net'
import { readConfig } from '../../src/config.ts'
import { startServices } from '../../src/infra/embedded/index.ts'
import { freePort } from '../../src/infra/embedded/ports.ts'

const [address = ''] = process.argv.slice(2)
const config = readConfig()
const services = await startServices(config, { log: (line) => { console.error(line) } })

/** The embedded services listen on loopback alone: what comes to the network's address is passed on. */
async function passOn (url: string): Promise<{ server: Server, url: string }> {
  const inner = new URL(url)
  const innerPort = Number(inner.port)
  const port = await freePort()
  const server = createServer((outside) => {
    const inside = connect(innerPort, '127.0.0.1')
    outside.setKeepAlive(true, 1000)
    outside.on('error', () => { inside.destroy() }).on('close', () => { inside.destroy() }).pipe(inside)
    inside.on('error', () => { outside.destroy() }).on('close', () => { outside.destroy() }).pipe(outside)
  })
  await new Promise<void>((resolve) => { server.listen(port, address, resolve) })
  inner.hostname = address
  inner.port = String(port)
  return { server, url: inner.href }
}

const [database, redis] = await Promise.all([passOn(services.databaseUrl), passOn(services.redisUrl)])
const { serve } = await import('../../src/http/server.ts')
const api = await serve({ ...config, host: address, databaseUrl: services.databaseUrl, redisUrl: services.redisUrl })
console.log(JSON.stringify({ url: api.url, databaseUrl: database.url, redisUrl: redis.url }))
process.stdin.on('end', () => {
  database.server.close()
  redis.server.close()
  void api.close().then(async () => { await services.stop() }).finally(() => process.exit())
}).resume()
