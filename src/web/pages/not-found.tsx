/** What an address without a page shows. */
import { ButtonLink } from '../components/button-link.tsx'
import { Empty } from '../components/empty.tsx'
import { PageHead } from '../components/page-head.tsx'

export default function NotFoundPage () {
  return (
    <>
      <PageHead title='There is no such page' />
      <Empty title='Nothing is at this address'><p>The address may have been typed wrongly, or what it named is gone.</p><ButtonLink href='/jobs' kind='primary'>To the jobs</ButtonLink></Empty>
    </>
  )
}
