/** Asks before something is done that cannot be taken back, and says when it did not work. */
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { ProblemNote } from './problem-note.tsx'
import { Sheet } from './sheet.tsx'

export interface ConfirmProps {
  readonly isOpen: boolean
  readonly title: string
  readonly yes: string
  readonly no?: string
  readonly isPending: boolean
  readonly error: unknown
  readonly onYes: () => void
  readonly onClose: () => void
  /** What would come of it. */
  readonly children: ReactNode
}

export function Confirm ({ isOpen, title, yes, no = 'Leave it', isPending, error, onYes, onClose, children }: ConfirmProps) {
  return (
    <Sheet isOpen={isOpen} title={title} onClose={onClose}>
      <p className='soft'>{children}</p>
      {error !== null && <ProblemNote error={error} />}
      <div className='actions'>
        <Button kind='primary' isPending={isPending} onPress={onYes}>{yes}</Button>
        <Button onPress={onClose}>{no}</Button>
      </div>
    </Sheet>
  )
}
