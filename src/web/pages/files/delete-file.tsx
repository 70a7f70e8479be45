/** Deletes a model or a data set, and asks before. */
import { useState } from 'react'
import type { FileKind, Stored } from '../../api/upload.ts'
import { useDeleteFile } from '../../api/use-delete-file.ts'
import { Button } from '../../components/button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Sheet } from '../../components/sheet.tsx'

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
      <Sheet isOpen={asking} title={`Delete ${name}?`} onClose={close}>
        <p className='soft'>The file is gone for good. Jobs that have ended keep what they made.</p>
        {remove.error !== null && <ProblemNote error={remove.error} />}
        <div className='actions'>
          <Button kind='primary' isPending={remove.isPending} onPress={() => { remove.mutate(id, { onSuccess: () => { close(); onDeleted() } }) }}>Delete it</Button>
          <Button onPress={close}>Keep it</Button>
        </div>
      </Sheet>
    </>
  )
}
