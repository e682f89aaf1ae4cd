/**
 * Offers pseudo-variables while one is typed after `$`, or with Ctrl-Space. The cursor stays in the text, which names
 * the offer (aria-activedescendant); arrows choose, Enter and Tab take, Escape closes.
 */
import { type EditorState, type Extension, Prec, StateEffect, StateField, type Transaction } from '@codemirror/state'
import { type Command, EditorView, keymap, showTooltip, type Tooltip, type TooltipView } from '@codemirror/view'
import { type Variable, variables } from '../../../../../src/trace/filter/variables.js'

interface Offers {
  /** of the `$` */
  readonly from: number
  readonly to: number
  readonly found: readonly Variable[]
  readonly active: number
}

const table = [...variables.values()]
const change = StateEffect.define<Offers | undefined>()
const listId = 'variables'

const offers = StateField.define<Offers | undefined>({
  create: () => undefined,
  update: updated,
  provide: (field) => [
    showTooltip.compute([field], (state) => tooltipOf(state.field(field))),
    EditorView.contentAttributes.compute([field], (state): Record<string, string> => {
      const open = state.field(field)
      const closed = { 'aria-autocomplete': 'list' }
      return open === undefined
        ? closed
        : { ...closed, 'aria-controls': listId, 'aria-activedescendant': optionId(open.active) }
    }),
  ],
})

export const completion: Extension = [
  offers,
  EditorView.domEventHandlers({ blur: (_event, view) => void close(view) }),
  Prec.highest(
    keymap.of([
      { key: 'Ctrl-Space', run: openHere },
      { key: 'ArrowDown', run: moved(1) },
      { key: 'ArrowUp', run: moved(-1) },
      { key: 'Enter', run: take },
      { key: 'Tab', run: take },
      { key: 'Escape', run: close },
    ]),
  ),
]

function updated(before: Offers | undefined, transaction: Transaction): Offers | undefined {
  for (const effect of transaction.effects) if (effect.is(change)) return effect.value
  if (transaction.isUserEvent('input.type') || (before !== undefined && transaction.isUserEvent('delete'))) {
    return offersAt(transaction.state)
  }
  return transaction.docChanged || transaction.selection !== undefined ? undefined : before
}

/** `$`, `$(` or the beginning of a name behind it, right before the cursor. */
const typed = /\$\(?([\w.]*(?:\([\w.-]*)?)$/

function offersAt(state: EditorState): Offers | undefined {
  const { head, empty } = state.selection.main
  if (!empty) return undefined
  const line = state.doc.lineAt(head)
  const match = typed.exec(line.text.slice(0, head - line.from))
  if (match === null) return undefined
  const found = matching(match[1]!)
  return found.length === 0 ? undefined : { from: line.from + match.index, to: head, found, active: 0 }
}

/** Names that begin so, then those that have it anywhere. */
function matching(text: string): Variable[] {
  const wanted = text.toLowerCase()
  const place = ({ name }: Variable): number => name.toLowerCase().indexOf(wanted)
  const found = table.filter((variable) => place(variable) >= 0)
  return [...found.filter((variable) => place(variable) === 0), ...found.filter((variable) => place(variable) > 0)]
}

function openHere(view: EditorView): boolean {
  const { head } = view.state.selection.main
  const here = offersAt(view.state) ?? { from: head, to: head, found: table, active: 0 }
  view.dispatch({ effects: change.of(here) })
  return true
}

function moved(step: number): Command {
  return (view) => {
    const open = view.state.field(offers)
    if (open === undefined) return false
    const active = (open.active + step + open.found.length) % open.found.length
    view.dispatch({ effects: change.of({ ...open, active }) })
    return true
  }
}

function take(view: EditorView): boolean {
  const open = view.state.field(offers)
  if (open === undefined) return false
  insert(view, open, open.active)
  return true
}

function close(view: EditorView): boolean {
  if (view.state.field(offers) === undefined) return false
  view.dispatch({ effects: change.of(undefined) })
  return true
}

function insert(view: EditorView, { from, to, found }: Offers, index: number): void {
  const text = `$${found[index]!.name}`
  view.dispatch({
    changes: { from, to, insert: text },
    selection: { anchor: from + text.length },
    effects: change.of(undefined),
    userEvent: 'input.complete',
  })
}

// ── the list ──

/** The tooltip stays the same while its offers change, so that the list is not built anew. */
function tooltipOf(open: Offers | undefined): Tooltip | null {
  return open === undefined ? null : { pos: open.from, above: false, strictSide: false, create: listView }
}

function listView(view: EditorView): TooltipView {
  const dom = document.createElement('ul')
  dom.className = 'offers'
  dom.id = listId
  dom.setAttribute('role', 'listbox')
  dom.setAttribute('aria-label', 'Variables')
  // before the blur that would close the list
  dom.addEventListener('mousedown', (event) => {
    event.preventDefault()
    const index = [...dom.children].findIndex((option) => event.composedPath().includes(option))
    const open = view.state.field(offers)
    if (open !== undefined && index >= 0) insert(view, open, index)
  })
  let shown: readonly Variable[] | undefined
  const show = (state: EditorState): void => {
    const open = state.field(offers)
    if (open === undefined) return
    if (open.found !== shown) dom.replaceChildren(...open.found.map(option))
    shown = open.found
    mark(dom, open.active)
  }
  show(view.state)
  return { dom, update: ({ state }) => show(state), mount: () => mark(dom, 0) }
}

function option({ name, help }: Variable, index: number): HTMLElement {
  const element = document.createElement('li')
  element.id = optionId(index)
  element.setAttribute('role', 'option')
  const code = document.createElement('code')
  code.textContent = `$${name}`
  const words = document.createElement('span')
  words.textContent = help.replaceAll('`', '')
  element.append(code, words)
  return element
}

function mark(list: HTMLElement, active: number): void {
  for (const [index, element] of [...list.children].entries()) {
    element.setAttribute('aria-selected', String(index === active))
  }
  list.children[active]?.scrollIntoView({ block: 'nearest' })
}

function optionId(index: number): string {
  return `${listId}-${index}`
}
