/** A dialog over the page. */
import type { ReactNode } from 'react'
import { Dialog, Heading } from 'react-aria-components/Dialog'
import { Modal, ModalOverlay } from 'react-aria-components/Modal'

export interface SheetProps {
  readonly isOpen: boolean
  readonly title: string
  /** Called when it is to close; absent: it stays until what it asks for is there. */
  readonly onClose?: () => void
  readonly children: ReactNode
}

export function Sheet ({ isOpen, title, onClose, children }: SheetProps) {
  return (
    <ModalOverlay className='veil' isOpen={isOpen} isDismissable={onClose !== undefined} isKeyboardDismissDisabled={onClose === undefined} onOpenChange={(open) => { if (!open) onClose?.() }}>
      <Modal>
        <Dialog className='sheet'>
          <div className='stack'>
            <Heading slot='title' level={2}>{title}</Heading>
            {children}
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
