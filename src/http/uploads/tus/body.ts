/** The body of a request as a web stream that can be left in the middle, so that the client may still be answered. */
import type { IncomingMessage } from 'node:http'

export interface LeavableBody {
  readonly stream: ReadableStream<Uint8Array>
  /** Takes no more of it; the request is as if nobody had read it. */
  leave (): void
}

/** Pieces come as fast as they are taken. It ends where the client goes away: a failure would cost what came and was not taken yet, and all that came is to be kept. */
export function leavableBody (request: IncomingMessage): LeavableBody {
  let leave = (): void => {}
  const stream = new ReadableStream<Uint8Array>({
    start (controller) {
      const onData = (piece: Uint8Array): void => {
        controller.enqueue(piece)
        if ((controller.desiredSize ?? 0) <= 0) request.pause()
      }
      const onEnd = (): void => { leave(); controller.close() }
      leave = () => {
        request.off('data', onData).off('end', onEnd).off('error', onEnd).off('close', onEnd)
        leave = () => {}
      }
      if (request.complete && request.readableEnded) controller.close()
      else request.on('data', onData).on('end', onEnd).on('error', onEnd).on('close', onEnd)
    },
    pull () { request.resume() },
  }, new ByteLengthQueuingStrategy({ highWaterMark: 1 << 18 }))
  return { stream, leave: () => { leave() } }
}
