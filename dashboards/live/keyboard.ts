/** Keys that work in every view: g and a letter for the views, / for the search, ? for help. Never while one types. */
import { go } from './router.js'
import { helpOpen } from './ui/help.js'
import { views } from './views/table.js'

/** the letter has to follow so soon after g */
const chordMs = 1500

export function listenToKeys(): void {
  let chordUntil = 0
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (document.querySelector('dialog[open]') !== null) return
    if (event.timeStamp < chordUntil) {
      chordUntil = 0
      const view = views.find(({ key }) => key === event.key)
      if (view !== undefined) go(view.name)
    } else if (event.key === 'g') {
      chordUntil = event.timeStamp + chordMs
    } else if (event.key === '?') {
      helpOpen.value = true
    } else if (event.key === '/') {
      const search = document.querySelector<HTMLInputElement>('[data-search]')
      if (search === null) return
      event.preventDefault()
      search.focus()
    }
  })
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable="true"]') !== null
}
