/** The time, once a second, for everything that counts up or down. Stands still while nobody looks. */
import { signal } from '@preact/signals'

/** Unix time in ms */
export const now = signal(Date.now())

setInterval(() => {
  if (!document.hidden) now.value = Date.now()
}, 1000)
document.addEventListener('visibilitychange', () => {
  now.value = Date.now()
})
