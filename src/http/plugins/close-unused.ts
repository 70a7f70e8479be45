/** Closes connections on which no request has come yet when the server closes: browsers and pools open some ahead, and Node takes them for busy ones until a minute is over. */
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

export function closeUnused (app: FastifyInstance): void {
  const unused = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => { unused.delete(socket) })
  }).on('request', ({ socket }) => { unused.delete(socket) })
  app.addHook('preClose', async () => {
    for (const socket of unused) socket.destroy()
  })
}
