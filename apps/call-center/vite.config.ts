import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

const inside = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// Two pages, `/` and `/desk`. Nothing is inlined: the server's policy allows scripts and styles from its own files alone.
export default defineConfig({
  root: inside('src/pages'),
  plugins: [react(), tailwindcss()],
  resolve: { conditions: ['@parley/source', ...defaultClientConditions] },
  server: { proxy: { '/v1': { target: 'http://localhost:4310', ws: true }, '/demo': 'http://localhost:4310' } },
  build: {
    outDir: inside('dist/pages'),
    // A server that runs goes on serving its files while new ones are built beside them; names carry hashes.
    emptyOutDir: false,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { caller: inside('src/pages/index.html'), desk: inside('src/pages/desk/index.html') } },
  },
})
