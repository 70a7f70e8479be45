/** The page of models. */
import { PageHead } from '../components/page-head.tsx'

export default function Page () {
  return <PageHead title='Models' about='Model files and what is in them.' />
}
