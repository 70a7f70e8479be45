/** The page of sweep. */
import { PageHead } from '../components/page-head.tsx'

export default function Page () {
  return <PageHead title='Sweep' about='Many recipes on one model.' />
}
