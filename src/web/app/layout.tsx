/** The frame around every page: a way past the navigation, the navigation, the page. */
import { useEffect, useRef, type ReactNode } from 'react'
import { Foot } from './foot.tsx'
import { Side } from './side.tsx'

export function Layout ({ location, children }: { readonly location: string, readonly children: ReactNode }) {
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)
  // Someone who cannot see the page is told that it is another one.
  useEffect(() => {
    if (first.current) {
      first.current = false
      return
    }
    main.current?.focus({ preventScroll: true })
    window.scrollTo(0, 0)
  }, [location])
  return (
    <div className='frame'>
      <a className='skip' href='#page'>Skip to the page</a>
      <Side location={location} />
      <main ref={main} id='page' className='page' tabIndex={-1}>{children}</main>
      <Foot location={location} />
    </div>
  )
}
