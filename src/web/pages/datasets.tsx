/** The page of data sets. */
import { PageHead } from '../components/page-head.tsx'

export default function Page () {
  return <PageHead title='Data sets' about='Data set files and what is in them.' />
}
