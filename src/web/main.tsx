/** Starts the dashboard in the page. */
import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { mendLanguage } from './app/language.ts'
import { applyTheme, storedTheme } from './app/theme.ts'
import './style/tokens.css'
import './style/base.css'
import './style/layout.css'
import './style/components.css'

mendLanguage()
applyTheme(storedTheme())
const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<App />)
