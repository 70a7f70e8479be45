/** Lets a client that is told "no" in the middle of an upload read the answer: the rest of what it sends is dropped. */
import type { IncomingMessage } from 'node:http'

/** Past this it is cheaper to close the connection than to go on reading. */
const MAX_DRAINED = 64 << 20

export function drain (request: IncomingMessage): void {
  if (request.complete || request.destroyed) return
  let dropped = 0
  request.unpipe()
  request.on('data', (piece: Buffer) => {
    dropped += piece.byteLength
    if (dropped > MAX_DRAINED) request.socket.destroySoon()
  })
  request.on('error', () => {})
  request.resume()
}
