/** Deletes a stored model or data set. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { request } from './request.ts'
import type { FileKind } from './upload.ts'

export function useDeleteFile (kind: FileKind) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (id: string) => { await request<undefined>(`/v1/${kind}/${encodeURIComponent(id)}`, { method: 'DELETE' }) },
    onSuccess: async () => { await client.invalidateQueries({ queryKey: [kind] }) },
  })
}
