/** Ports of this machine that are free now. */
import { createServer } from 'node:net'

/** `wanted` when nobody listens there on loopback, else any free port. */
export async function freePort (wanted = 0): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (wanted !== 0 && error.code === 'EADDRINUSE') resolve(freePort())
      else reject(error)
    })
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => { resolve(address !== null && typeof address === 'object' ? address.port : 0) })
    })
  })
}

/** Can a server listen at this address? */
export async function isFree (host: string, port: number): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    server.listen(port, host, () => { server.close(() => { resolve(true) }) })
  })
}
