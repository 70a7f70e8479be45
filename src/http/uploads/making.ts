/** What models and data sets have in common as they are made: the file comes in a form, or is a finished upload that JSON names. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TObject } from 'typebox'
import type { InputScaling } from '../../datasets/dataset.ts'
import { EspalierError } from '../../errors.ts'
import { answerOnce, fingerprintOf, idempotencyKey, type Answer } from '../answers.ts'
import type { Dependencies } from '../dependencies.ts'
import { tenantOf } from '../principal.ts'
import { validated } from '../validation.ts'
import { receiveUpload } from './finished.ts'
import { receiveForm, type PartRule } from './form.ts'
import type { ReceivedFile } from './receive.ts'
import { withHeld, withRoom } from './room.ts'

/** What is said of the file besides; `inputs` of a data set. */
export interface Said { readonly name?: string | undefined, readonly inputs?: InputScaling | undefined }

export interface Making<S extends TObject> {
  readonly kind: 'models' | 'datasets'
  /** Of the form; its file is called `file`. */
  readonly parts: Readonly<Record<'file', PartRule>> & Readonly<Record<string, PartRule>>
  readonly uploaded: S
  /** What a body of that schema says, and which upload it names. */
  said (body: Static<S>): Said & { readonly upload: string }
  make (request: FastifyRequest, file: ReceivedFile, said: Said): Promise<Answer>
}

/** Gives what answers a POST with the answer of `make`. @throws what it, the form and the upload do */
export function madeFrom<S extends TObject> (dependencies: Dependencies, { kind, parts, uploaded, said, make }: Making<S>): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const { catalog } = dependencies

  async function fromForm (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    return await withRoom(request, dependencies, kind, async (store) => {
      const { files, fields, fingerprint } = await receiveForm(request, parts, store)
      const file = files.get('file')
      if (file === undefined) throw new EspalierError('invalid-request', `part "file" is needed: ${parts.file.description}`)
      return await answerOnce(request, reply, catalog, fingerprint, async () => await make(request, file, Object.fromEntries(fields)))
    })
  }

  async function fromUpload (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = validated(uploaded, request.body ?? {}, 'body')
    return await withHeld(request, dependencies, async (blobs) => await answerOnce(request, reply, catalog, fingerprintOf(body), async () => {
      const { upload, ...rest } = said(body)
      return await make(request, await receiveUpload(catalog.of(tenantOf(request)), blobs, upload), rest)
    }))
  }

  return async (request, reply) => {
    idempotencyKey(request)
    return request.isMultipart() ? await fromForm(request, reply) : await fromUpload(request, reply)
  }
}
