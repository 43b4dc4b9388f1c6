import { useState } from 'react'
import { applyTheme, nextTheme, readTheme } from './theme.ts'

const names = { system: 'System', light: 'Light', dark: 'Dark' } as const

/** Goes round the themes. */
export function ThemeSwitch() {
  const [theme, setTheme] = useState(readTheme)
  const change = (): void => {
    const next = nextTheme(theme)
    applyTheme(next)
    setTheme(next)
  }
  return (
    <button type="button" className="button button-quiet px-2 text-sm" onClick={change}>
      <svg aria-hidden width="16" height="16" viewBox="0 0 16 16">
        <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="1.5" />
        <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
      </svg>
      <span className="max-sm:sr-only">Theme: {names[theme]}</span>
    </button>
  )
}
