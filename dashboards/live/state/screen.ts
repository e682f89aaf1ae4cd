/** How much room there is, for what CSS alone cannot decide. */
import { type ReadonlySignal, signal } from '@preact/signals'

/** phones, and windows as narrow: tables show cards, the navigation is at the bottom */
export const narrow: ReadonlySignal<boolean> = matches('(max-width: 45rem)')
/** too narrow for a ladder with five lines and a text beside each other */
export const snug: ReadonlySignal<boolean> = matches('(max-width: 68rem)')

function matches(text: string): ReadonlySignal<boolean> {
  const query = matchMedia(text)
  const state = signal(query.matches)
  query.addEventListener('change', () => {
    state.value = query.matches
  })
  return state
}
