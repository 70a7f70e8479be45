/** One upload of a page: where it is, and how to begin and cancel it. */
import { useEffect, useRef, useState } from 'react'
import { useQueryClient } from '@tanstack/react-query'
import { upload, type FileKind, type Stored, type Upload } from './upload.ts'

export interface Sending { readonly name: string, readonly bytes: number, readonly share: number }
export interface UploadState {
  readonly sending: Sending | null
  readonly error: unknown
  start (files: readonly File[]): void
  cancel (): void
}

export function useUpload<K extends FileKind> (kind: K, onStored: (stored: Stored[K]) => void): UploadState {
  const client = useQueryClient()
  const current = useRef<Upload<Stored[K]> | null>(null)
  const [sending, setSending] = useState<Sending | null>(null)
  const [error, setError] = useState<unknown>(null)
  useEffect(() => () => { current.current?.cancel() }, [])

  const start = (files: readonly File[]): void => {
    const [first] = files
    if (first === undefined || current.current !== null) return
    const about = { name: files.length === 1 ? first.name : `${first.name} and ${files.length - 1} more`, bytes: files.reduce((sum, { size }) => sum + size, 0) }
    setError(null)
    setSending({ ...about, share: 0 })
    const begun = upload(kind, files, (share) => { setSending({ ...about, share }) })
    current.current = begun
    begun.done.then((stored) => {
      client.setQueryData([kind === 'models' ? 'model' : 'dataset', stored.id], stored)
      void client.invalidateQueries({ queryKey: [kind] })
      onStored(stored)
    }, (thrown: unknown) => {
      if (!(thrown instanceof DOMException)) setError(thrown)
    }).finally(() => {
      current.current = null
      setSending(null)
    })
  }
  return { sending, error, start, cancel: () => { current.current?.cancel() } }
}
