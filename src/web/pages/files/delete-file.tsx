/** Deletes a model or a data set, and asks before. */
import { useState } from 'react'
import type { FileKind, Stored } from '../../api/upload.ts'
import { useDeleteFile } from '../../api/use-delete-file.ts'
import { Button } from '../../components/button.tsx'
import { Confirm } from '../../components/confirm.tsx'

export interface DeleteFileProps { readonly kind: FileKind, readonly file: Stored[FileKind], readonly onDeleted: () => void }

export function DeleteFile ({ kind, file: { id, name }, onDeleted }: DeleteFileProps) {
  const [asking, setAsking] = useState(false)
  const remove = useDeleteFile(kind)
  const close = (): void => {
    setAsking(false)
    remove.reset()
  }
  return (
    <>
      <Button kind='danger' icon='trash' label={`Delete ${name}`} onPress={() => { setAsking(true) }}>Delete</Button>
      <Confirm isOpen={asking} title={`Delete ${name}?`} yes='Delete it' no='Keep it' isPending={remove.isPending} error={remove.error} onYes={() => { remove.mutate(id, { onSuccess: () => { close(); onDeleted() } }) }} onClose={close}>
        The file is gone for good. Jobs that have ended keep what they made.
      </Confirm>
    </>
  )
}
