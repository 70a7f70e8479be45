/** The page of compare. */
import { PageHead } from '../components/page-head.tsx'

export default function Page () {
  return <PageHead title='Compare' about='Runs side by side, and what accuracy costs in size.' />
}
