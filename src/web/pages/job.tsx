/** The page of one run. */
import { PageHead } from '../components/page-head.tsx'

export default function JobPage () {
  return <PageHead title='Run' />
}
