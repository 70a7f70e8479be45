/** A part of a page under a title of its own. */
import { useId, type ReactNode } from 'react'

export interface CardProps { readonly title: string, readonly note?: ReactNode, readonly actions?: ReactNode, readonly children: ReactNode }

export function Card ({ title, note, actions, children }: CardProps) {
  const id = useId()
  return (
    <section className='card' aria-labelledby={id}>
      <div className='card-head'>
        <h2 id={id}>{title}</h2>
        {actions !== undefined && <div className='actions'>{actions}</div>}
      </div>
      {note !== undefined && <p className='card-note'>{note}</p>}
      {children}
    </section>
  )
}
