/** Requests that wait for something: for so many seconds, and no longer than the client or the server is there. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Type } from 'typebox'

export const WaitSeconds = Type.Number({ minimum: 0, maximum: 30, description: 'seconds to wait for the job to end before answering' })

export type WaitFor = <T>(reply: FastifyReply, seconds: number | undefined, work: (signal: AbortSignal) => Promise<T>) => Promise<T>

/** Gives what runs work with a signal that aborts when waiting ought to end, at once when there are no seconds. */
export function waiting (app: FastifyInstance): WaitFor {
  const all = new Set<AbortController>()
  let closing = false
  app.addHook('preClose', async () => {
    closing = true
    for (const controller of all) controller.abort()
  })

  return async ({ raw }, seconds = 0, work) => {
    const controller = new AbortController()
    const end = (): void => { controller.abort() }
    if (seconds <= 0 || closing || raw.destroyed) end()
    const timer = setTimeout(end, seconds * 1000)
    all.add(controller)
    raw.once('close', end)
    try {
      return await work(controller.signal)
    } finally {
      clearTimeout(timer)
      raw.off('close', end)
      all.delete(controller)
    }
  }
}
