/** Light, dark, or as the system says. Kept in this browser. */
import { computed, effect, signal } from '@preact/signals'

const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const key = 'hepgate-theme'
const query = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = signal(query.matches)

export const theme = signal<Theme>(themes.find((one) => one === localStorage.getItem(key)) ?? 'system')
/** what is shown; charts read it to draw in the right colours */
export const dark = computed(() => theme.value === 'dark' || (theme.value === 'system' && systemIsDark.value))

query.addEventListener('change', () => {
  systemIsDark.value = query.matches
})
effect(() => {
  document.documentElement.dataset.theme = dark.value ? 'dark' : 'light'
})

export function nextTheme(): void {
  theme.value = themes[(themes.indexOf(theme.value) + 1) % themes.length]!
  localStorage.setItem(key, theme.value)
}
