/** What a person chose; `system` follows the machine. */
export type Theme = 'system' | 'light' | 'dark'

const storageKey = 'parley.theme'
const order: readonly Theme[] = ['system', 'light', 'dark']

/** The theme chosen in this browser. */
export function readTheme(): Theme {
  const stored = localStorage.getItem(storageKey)
  return order.find((theme) => theme === stored) ?? 'system'
}

/** Shows a theme and remembers it. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
  localStorage.setItem(storageKey, theme)
}

/** The theme that follows when the switch is pressed. */
export function nextTheme(theme: Theme): Theme {
  return order[(order.indexOf(theme) + 1) % order.length] ?? 'system'
}
