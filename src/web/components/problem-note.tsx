/** A failed request in plain words: what, why, and what to do. */
import { adviceOn, Problem } from '../api/problem.ts'
import { Button } from './button.tsx'

export function ProblemNote ({ error, onRetry }: { readonly error: unknown, readonly onRetry?: () => void }) {
  const { title, detail, code, requestId, errors = [] } = Problem.from(error).document
  const advice = adviceOn(code)
  return (
    <div className='callout bad' role='alert'>
      <h2>{title}</h2>
      <p>{detail}</p>
      {errors.length > 1 && <ul>{errors.map(({ path, message }) => <li key={`${path} ${message}`}><code>{path}</code> {message}</li>)}</ul>}
      {advice !== undefined && <p>{advice}</p>}
      {code === 'internal' && requestId !== undefined && <p>Request id: <code>{requestId}</code></p>}
      {onRetry !== undefined && <div className='actions'><Button size='small' icon='retry' onPress={onRetry}>Try again</Button></div>}
    </div>
  )
}
