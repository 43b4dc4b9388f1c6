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
    <button type="button" className="button button-quiet text-sm" onClick={change}>
      Theme: {names[theme]}
    </button>
  )
}
