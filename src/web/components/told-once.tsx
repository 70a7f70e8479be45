/** A secret that was just made, which is shown this once. */
import { Button } from './button.tsx'
import { CodeBlock } from './code-block.tsx'
import { Sheet } from './sheet.tsx'

export interface ToldOnceProps {
  readonly title: string
  /** Null: there is none. */
  readonly secret: string | null
  /** What it is: "the key". */
  readonly what: string
  readonly onClose: () => void
}

export function ToldOnce ({ title, secret, what, onClose }: ToldOnceProps) {
  return (
    <Sheet isOpen={secret !== null} title={title}>
      <p className='soft'>Copy it now: it is not shown again.</p>
      {secret !== null && <div className='told-once'><CodeBlock text={secret} label={what} /></div>}
      <div className='actions'><Button kind='primary' onPress={onClose}>I have it</Button></div>
    </Sheet>
  )
}
