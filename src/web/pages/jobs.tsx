/** The page of jobs. */
import { PageHead } from '../components/page-head.tsx'

export default function JobsPage () {
  return <PageHead title='Jobs' />
}
