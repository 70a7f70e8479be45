/** Ends connections when the server closes, so that it has none to wait for: those on which no request has come yet, at once, and those whose requests are still being answered, with the answer. */
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** Call before hooks are added that end what requests wait for. */
export function endConnections (app: FastifyInstance): void {
  // Browsers and pools open some ahead, and Node takes them for busy ones until a minute is over.
  const unused = new Set<Socket>()
  let closing = false
  app.server.on('connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => { unused.delete(socket) })
  }).on('request', ({ socket }) => { unused.delete(socket) })
  app.addHook('preClose', async () => {
    closing = true
    for (const socket of unused) socket.destroy()
  })
  app.addHook('onSend', async (_request, reply, payload) => {
    if (closing) reply.header('connection', 'close')
    return payload
  })
}
