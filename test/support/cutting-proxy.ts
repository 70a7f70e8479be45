/** A relay on loopback in front of a server, whose connections a test cuts. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface CuttingProxy {
  readonly url: string
  /** Cuts each connection once so many more bytes went from the server to the client; Infinity: none. */
  cutAfter (bytes: number): void
  /** Cuts all connections now. */
  cut (): void
  readonly cuts: number
  close (): Promise<void>
}

/** In front of the server at `target`, an http address. */
export async function cuttingProxy (target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let left = Infinity
  let cuts = 0
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on('data', (bytes) => {
      left -= bytes.length
      client.write(bytes)
      if (left > 0) return
      cuts++
      left = Infinity
      client.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cutAfter (bytes) { left = bytes },
    cut () {
      for (const socket of sockets) socket.destroy()
      cuts++
    },
    get cuts () { return cuts },
    async close () {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
