/** `npm run build:web`: builds the dashboard's pages, which setup does too where their sources have changed. */
import { ROOT } from '../infra/setup/index.ts'
import { showProgress } from '../infra/setup/progress.ts'
import { buildPages } from '../infra/setup/web.ts'
import { report } from './report.ts'

await buildPages(ROOT, showProgress()).catch(report)
