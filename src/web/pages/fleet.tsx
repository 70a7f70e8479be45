/** The page of workers. */
import { PageHead } from '../components/page-head.tsx'

export default function Page () {
  return <PageHead title='Workers' about='Who works, on what, and what waits.' />
}
