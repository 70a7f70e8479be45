/** Where there is nothing yet: what would be here, and how it comes to be. */
import type { ReactNode } from 'react'

export function Empty ({ title, children }: { readonly title: string, readonly children?: ReactNode }) {
  return <div className='empty'><h2>{title}</h2>{children}</div>
}
