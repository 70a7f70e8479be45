/** How the dashboard's pages are built, and served while one works on them. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { compressed } from './build/compressed.ts'
import { english } from './build/english.ts'

/** Where `npm start` listens; `npm run dev:web` passes what is not a page on to it. */
const API = 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [english(), react(), compressed()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: true,
    // The content security policy takes files of this server alone, so that nothing is put into the page itself.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/v1': API, '/docs': API, '/openapi.json': API } },
})
