/** The head of a page: its title, which is the window's too, a line about it, and what can be done. */
import { useEffect, type ReactNode } from 'react'

export interface PageHeadProps { readonly title: string, readonly about?: ReactNode, readonly children?: ReactNode }

export function PageHead ({ title, about, children }: PageHeadProps) {
  useEffect(() => { document.title = `${title} · Espalier` }, [title])
  return (
    <div className='page-head'>
      <div>
        <h1>{title}</h1>
        {about !== undefined && <div className='soft small row'>{about}</div>}
      </div>
      {children !== undefined && <div className='actions'>{children}</div>}
    </div>
  )
}
