/** Text to be copied into a terminal or a file. */
import { CopyButton } from './copy-button.tsx'

export function CodeBlock ({ text, label }: { readonly text: string, readonly label: string }) {
  return (
    <div className='code'>
      {/* It scrolls, so that a keyboard has to reach it. */}
      <pre tabIndex={0} role='region' aria-label={label}><code>{text}</code></pre>
      <CopyButton text={text} label={`Copy: ${label}`} />
    </div>
  )
}
