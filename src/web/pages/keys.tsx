/** The page of api keys. */
import { PageHead } from '../components/page-head.tsx'

export default function Page () {
  return <PageHead title='API keys' about='Who may ask this service for what.' />
}
