/** The page of new run. */
import { PageHead } from '../components/page-head.tsx'

export default function Page () {
  return <PageHead title='New run' about='Choose a model, a data set and a method.' />
}
