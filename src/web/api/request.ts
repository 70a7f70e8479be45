/** Requests to the API, in the session of this browser, and problems as errors. */
import { Problem } from './problem.ts'
import { askAnew, changeHeaders, wasRefused } from './session.ts'

export interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Sent as JSON, unless it is a form. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** The answer's JSON; undefined when it has no body. @throws Problem */
export async function request<T> (path: string, options: RequestOptions = {}): Promise<T> {
  const answer = await send(path, options)
  return answer.status === 204 ? undefined as T : await answer.json() as T
}

/** The answer itself, which was a success. @throws Problem */
export async function send (path: string, options: RequestOptions = {}): Promise<Response> {
  const answer = await sendOnce(path, options)
  if (answer.ok) return answer
  if (answer.status === 401) wasRefused()
  const isChange = options.method !== undefined && options.method !== 'GET'
  if (answer.status !== 403 || !isChange || !await askAnew()) throw await Problem.of(answer)
  const again = await sendOnce(path, options)
  if (again.ok) return again
  throw await Problem.of(again)
}

async function sendOnce (path: string, { method = 'GET', body, headers = {}, signal }: RequestOptions): Promise<Response> {
  const isJson = body !== undefined && !(body instanceof FormData)
  return await fetch(path, {
    method,
    headers: { accept: 'application/json', ...(method !== 'GET' && await changeHeaders()), ...(isJson && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: isJson ? JSON.stringify(body) : body as FormData }),
    ...(signal !== undefined && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error
    throw Problem.from(error)
  })
}

/** An address with what is not undefined of `query`. */
export function addressOf (path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams(Object.entries(query).flatMap(([name, value]) => value === undefined ? [] : [[name, String(value)]]))
  return search.size === 0 ? path : `${path}?${search.toString()}`
}
