/** Lets the tus server answer a request, in the name of one tenant. Source: the resumable upload protocol 1.0.0, https://tus.io/protocols/resumable-upload */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Server, TUS_RESUMABLE, type Locker } from '@tus/server'
import type { Dependencies } from '../../dependencies.ts'
import { tenantOf } from '../../principal.ts'
import { drain } from '../drain.ts'
import { leavableBody } from './body.ts'
import { fromTus, refused } from './errors.ts'
import { createTusStore } from './store.ts'

export const UPLOADS = '/v1/uploads'

/** As the configuration has it. */
const UPLOAD_HOURS = 24
/** Of a request that is told to make room for another one of the same upload: what it has by then is stored. */
const DRAIN_MS = 300

/** What the server is shown of a request. It need not know who asks, nor by which way. */
const ASKED = ['tus-resumable', 'upload-length', 'upload-defer-length', 'upload-offset', 'upload-metadata', 'upload-concat', 'content-type', 'content-length']
/** What of its answers is passed on: this API's pages are of one site, so nothing of what it says to others. */
const ANSWERED = ['tus-version', 'tus-extension', 'tus-max-size', 'upload-offset', 'upload-length', 'upload-metadata', 'upload-expires', 'location']

/** Answers by the protocol; sets the answer's headers and gives its status. @throws what the protocol refuses, as an EspalierError */
export async function answerTus (request: FastifyRequest, reply: FastifyReply, { catalog, blobs, limits }: Dependencies, locker: Locker): Promise<number> {
  const tus = new Server({
    path: UPLOADS,
    datastore: createTusStore({ catalog, mine: catalog.of(tenantOf(request)), blobs, keepMs: (limits.uploadHours ?? UPLOAD_HOURS) * 3_600_000 }),
    locker,
    maxSize: limits.uploadBytes,
    relativeLocation: true,
    lockDrainTimeout: DRAIN_MS,
    onResponseError (_request, error) { throw fromTus(error) },
  })
  reply.header('tus-resumable', TUS_RESUMABLE).header('tus-version', TUS_RESUMABLE)
  const body = request.method === 'PATCH' ? leavableBody(request.raw) : undefined
  try {
    const answer = await tus.handleWeb(webRequest(request, body?.stream))
    if (answer.status >= 400) throw refused(answer.status, await answer.text())
    for (const name of ANSWERED) if (answer.headers.has(name)) reply.header(name, answer.headers.get(name))
    return answer.status
  } catch (thrown) {
    body?.leave()
    drain(request.raw)
    throw thrown
  }
}

function webRequest ({ method, url, headers }: FastifyRequest, body: ReadableStream<Uint8Array> | undefined): Parameters<Server['handleWeb']>[0] {
  // A program that only tidies up need not know the protocol.
  const version: Array<[string, string]> = method === 'DELETE' && headers['tus-resumable'] === undefined ? [['tus-resumable', TUS_RESUMABLE]] : []
  const shown = ASKED.flatMap((name): Array<[string, string]> => headers[name] === undefined ? [] : [[name, String(headers[name])]])
  return new Request(new URL(url, 'http://uploads.invalid'), { method, headers: [...version, ...shown], ...(body !== undefined && { body, duplex: 'half' }) } as RequestInit) as Parameters<Server['handleWeb']>[0]
}
