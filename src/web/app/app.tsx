/** The dashboard: cache, router, frame and the page that the address names. */
import { Suspense, useState } from 'react'
import { QueryClientProvider, type QueryClient } from '@tanstack/react-query'
import { I18nProvider, RouterProvider } from 'react-aria-components'
import { Route, Switch, useLocation } from 'wouter'
import { createQueryClient } from '../api/query-client.ts'
import { Waiting } from '../components/waiting.tsx'
import { askAhead } from './ask-ahead.ts'
import { ErrorBoundary } from './error-boundary.tsx'
import { KeyDialog } from './key-dialog.tsx'
import { Layout } from './layout.tsx'
import { NotFoundPage, ROUTES } from './routes.tsx'

function begin (): QueryClient {
  const client = createQueryClient()
  askAhead(client, window.location)
  return client
}

export function App () {
  const [client] = useState(begin)
  const [location, navigate] = useLocation()
  return (
    <QueryClientProvider client={client}>
      {/* What the components say to screen readers is in the language of the page, whatever the browser's is. */}
      <I18nProvider locale='en'>
        <RouterProvider navigate={navigate}>
          <Layout location={location}>
            <ErrorBoundary key={location}>
              <Suspense fallback={<Waiting what='the page' />}>
                <Switch>
                  {Object.entries(ROUTES).map(([path, Page]) => <Route key={path} path={path} component={Page} />)}
                  <Route component={NotFoundPage} />
                </Switch>
              </Suspense>
            </ErrorBoundary>
          </Layout>
          <KeyDialog />
        </RouterProvider>
      </I18nProvider>
    </QueryClientProvider>
  )
}
