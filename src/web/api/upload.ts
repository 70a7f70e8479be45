/** Sends files and tells how far that is, which fetch cannot tell. */
import { Problem } from './problem.ts'
import { changeHeaders, wasRefused } from './session.ts'
import type { Dataset, Model } from './types.ts'

export type FileKind = 'models' | 'datasets'
export interface Stored { readonly models: Model, readonly datasets: Dataset }

export interface Upload<T> {
  /** @throws Problem, or an AbortError when it was cancelled */
  readonly done: Promise<T>
  cancel (): void
}

/** `onProgress` is told the share of the bytes that are sent, from 0 to 1; at 1 the server still reads them. */
export function upload<K extends FileKind> (kind: K, files: readonly File[], onProgress: (share: number) => void): Upload<Stored[K]> {
  const form = new FormData()
  for (const file of files) form.append('file', file)
  const xhr = new XMLHttpRequest()
  const done = new Promise<Stored[K]>((resolve, reject) => {
    xhr.upload.onprogress = ({ loaded, total }) => { onProgress(total > 0 ? loaded / total : 0) }
    xhr.upload.onload = () => { onProgress(1) }
    xhr.onload = () => { answered(xhr).then((stored) => { resolve(stored as Stored[K]) }, reject) }
    xhr.onerror = () => { reject(Problem.from(new Error('the connection was lost while the file was sent'))) }
    xhr.onabort = () => { reject(new DOMException('the upload was cancelled', 'AbortError')) }
  })
  let cancelled = false
  void changeHeaders().then((headers) => {
    if (cancelled) return
    xhr.open('POST', `/v1/${kind}`)
    for (const [name, value] of Object.entries({ accept: 'application/json', ...headers })) xhr.setRequestHeader(name, value)
    xhr.send(form)
  })
  return {
    done,
    cancel: () => {
      cancelled = true
      if (xhr.readyState === XMLHttpRequest.UNSENT) xhr.onabort?.(new ProgressEvent('abort'))
      else xhr.abort()
    },
  }
}

async function answered ({ status, responseText }: XMLHttpRequest): Promise<unknown> {
  if (status >= 200 && status < 300) return JSON.parse(responseText)
  if (status === 401) wasRefused()
  throw await Problem.of(new Response(responseText, { status }))
}
