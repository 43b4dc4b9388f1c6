import { createRoot } from 'react-dom/client'
import '../shared/page.css'
import { applyTheme, readTheme } from '../shared/theme.ts'
import { DeskApp } from './desk-app.tsx'

applyTheme(readTheme())
const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<DeskApp />)
