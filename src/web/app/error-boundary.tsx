/** Catches what a page throws while it is drawn: the frame stays, and a sentence says it. */
import { Component, type ReactNode } from 'react'

export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly error: Error | null }> {
  override state: { readonly error: Error | null } = { error: null }

  static getDerivedStateFromError (error: Error) {
    return { error }
  }

  override render () {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <div className='callout bad' role='alert'>
        <h1>This page cannot be shown</h1>
        <p>{error.message}</p>
        <p><a href={location.href}>Load it anew</a></p>
      </div>
    )
  }
}
