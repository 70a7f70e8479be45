/** What a request ended with when it did not succeed, and how people are told. */
import type { ErrorCode } from '../../errors.ts'

export interface ProblemDocument {
  readonly status: number
  readonly code: ErrorCode | 'unreachable'
  readonly title: string
  readonly detail: string
  readonly requestId?: string
  readonly errors?: ReadonlyArray<{ readonly path: string, readonly message: string }>
}

/** Thrown by every request that fails. */
export class Problem extends Error {
  readonly document: ProblemDocument

  constructor (document: ProblemDocument, options: { cause?: unknown } = {}) {
    super(document.detail, options)
    this.name = 'Problem'
    this.document = document
  }

  static async of (answer: Response): Promise<Problem> {
    const known = await answer.json().catch(() => undefined) as Partial<ProblemDocument> | undefined
    return new Problem({
      status: answer.status,
      code: known?.code ?? 'internal',
      title: known?.title ?? 'The answer cannot be read',
      detail: known?.detail ?? `the server answered ${answer.status} without saying why`,
      ...(known?.requestId !== undefined && { requestId: known.requestId }),
      ...(known?.errors !== undefined && { errors: known.errors }),
    })
  }

  static from (thrown: unknown): Problem {
    if (thrown instanceof Problem) return thrown
    return new Problem({ status: 0, code: 'unreachable', title: 'The server cannot be reached', detail: thrown instanceof Error ? thrown.message : String(thrown) }, { cause: thrown })
  }
}

/** What to do about it, where that is the same whatever the details are. */
const ADVICE: Partial<Record<ProblemDocument['code'], string>> = {
  unreachable: 'Is the service running? The page tries again by itself.',
  unauthorized: 'Enter an API key, or make one on the server: npm run keys -- create --name browser --scopes read,write',
  forbidden: 'Use a key with the scope that is missing.',
  'quota-exceeded': 'Delete what is not needed any more, or ask an administrator for more.',
  'rate-limited': 'Wait a moment.',
  'not-found': 'It may have been deleted.',
  unavailable: 'A service behind the API is away for the moment; it is asked again.',
  'storage-full': 'Free some space, then try again.',
  internal: 'This is a mistake of the service. Its log has the reason under the request id.',
}

export function adviceOn (code: ProblemDocument['code']): string | undefined {
  return ADVICE[code]
}
