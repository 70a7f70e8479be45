/** Reads a multipart form: files go to the blobs as they come in, fields are checked at once, in whatever order they come. */
import type { FastifyRequest } from 'fastify'
import type { MultipartFile } from '@fastify/multipart'
import { EspalierError } from '../../errors.ts'
import { fingerprintOf } from '../answers.ts'
import { unknownName } from '../unknown-name.ts'
import { isPiece, openArchive, type Archive } from './archive.ts'
import { drain } from './drain.ts'
import { receiveFile, receiveText, type ReceivedFile, type Store } from './receive.ts'

/** What a part of the form may be. */
export interface PartRule {
  /** `blob`: one file. `model`: one file, or the several of a TF.js model. `text`: a small file, taken like a field. */
  readonly file?: 'blob' | 'model' | 'text'
  /** Given for parts that may be fields: checks and converts the value as soon as it is there. JSON parts come parsed. */
  readonly field?: (value: unknown) => unknown
  /** What would be right, for messages. */
  readonly description: string
}

export interface ReceivedForm {
  readonly files: ReadonlyMap<string, ReceivedFile>
  readonly fields: ReadonlyMap<string, unknown>
  /** Equal for forms with the same contents. */
  readonly fingerprint: string
}

/** A field or a text file longer than this is refused. */
const MAX_TEXT = 1 << 20

/** The size of files is limited by the store; these only bound how many parts there are. */
const LIMITS = { fieldSize: MAX_TEXT, fileSize: Number.MAX_SAFE_INTEGER, fields: 50, files: 3_000, parts: 3_050 }

/** Throws what a rule throws, `invalid-request` for parts without a rule or sent twice, `payload-too-large`. A client that leaves leaves nothing. */
export async function receiveForm (request: FastifyRequest, rules: Readonly<Record<string, PartRule>>, store: Store): Promise<ReceivedForm> {
  if (!request.isMultipart()) throw new EspalierError('unsupported-media-type', `this needs multipart/form-data with ${Object.keys(rules).join(', ')}`)
  const files = new Map<string, ReceivedFile>()
  const fields = new Map<string, unknown>()
  const raw: Array<[string, unknown]> = []
  const archives = new Map<string, Archive>()

  const takeFile = async (name: string, rule: PartRule, part: MultipartFile): Promise<void> => {
    if (rule.file === 'model' && isPiece(part) && !files.has(name) && !fields.has(name)) {
      const archive = archives.get(name) ?? openArchive(store)
      archives.set(name, archive)
      return await archive.add(part)
    }
    if (files.has(name) || fields.has(name) || archives.has(name)) throw cameTwice(name)
    if (rule.file === 'text') return takeField(name, rule, await receiveText(part, MAX_TEXT))
    if (rule.file === undefined) throw new EspalierError('invalid-request', `part "${name}": must be ${rule.description}, not a file`)
    files.set(name, await receiveFile(part, store))
  }
  const takeField = (name: string, rule: PartRule, value: unknown): void => {
    if (files.has(name) || fields.has(name) || archives.has(name)) throw cameTwice(name)
    if (rule.field === undefined) throw new EspalierError('invalid-request', `part "${name}": must be ${rule.description}; it came without a file name`)
    raw.push([name, value])
    fields.set(name, rule.field(value))
  }

  try {
    for await (const part of request.parts({ limits: LIMITS })) {
      const rule = Object.hasOwn(rules, part.fieldname) ? rules[part.fieldname] : undefined
      if (rule === undefined) throw new EspalierError('invalid-request', unknownName('part', part.fieldname, Object.keys(rules)))
      if (part.type === 'file') {
        await takeFile(part.fieldname, rule, part)
      } else {
        if (part.valueTruncated) throw new EspalierError('payload-too-large', `part "${part.fieldname}" is larger than ${MAX_TEXT} bytes`, { limit: MAX_TEXT })
        takeField(part.fieldname, rule, part.value)
      }
    }
    for (const [name, archive] of archives) files.set(name, await archive.finish())
  } catch (error) {
    for (const archive of archives.values()) await archive.abandon(error)
    drain(request.raw)
    throw asFormError(error)
  }
  const contents = [...raw, ...[...files].map(([name, file]): [string, unknown] => [name, { sha256: file.sha256 }])]
  return { files, fields, fingerprint: fingerprintOf(contents.sort(([a], [b]) => a < b ? -1 : 1)) }
}

/** The form parser's own errors have no status; they are all about the form. */
const MALFORMED = /terminated early|unexpected end of multipart|boundary not found|malformed part|premature close/i

function asFormError (error: unknown): unknown {
  if (error instanceof EspalierError || !(error instanceof Error) || !MALFORMED.test(error.message)) return error
  return new EspalierError('invalid-request', `body: is not a complete multipart form (${error.message})`, {}, { cause: error })
}

function cameTwice (name: string): EspalierError {
  return new EspalierError('invalid-request', `part "${name}" comes more than once; only a TF.js model (model.json and *.bin) has several files`)
}

/** A field that must be text. */
export function textField (name: string, maxLength: number): (value: unknown) => string {
  return (value) => {
    if (typeof value !== 'string' || value.trim() === '' || value.length > maxLength) {
      throw new EspalierError('invalid-request', `part "${name}": must be text of 1 to ${maxLength} characters`)
    }
    return value.trim()
  }
}
