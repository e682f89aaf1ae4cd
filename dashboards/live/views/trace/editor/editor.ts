/**
 * The editor of a route script: CodeMirror in a shadow root, where its styles are adopted style sheets, which our
 * Content-Security-Policy allows. It knows no gateway: problems are told to it.
 */
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching, indentUnit } from '@codemirror/language'
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint'
import { EditorState, type Text } from '@codemirror/state'
import {
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
} from '@codemirror/view'
import { completion } from './completion.js'
import { highlighting } from './highlight.js'
import { theme } from './theme.js'

/** A place in the text, 1-based, and what is wrong there. */
export interface Mistake {
  readonly line: number
  readonly column: number
  readonly detail: string
}

export interface EditorOptions {
  readonly text: string
  readonly label: string
  readonly placeholder: string
  readonly onChange: (text: string) => void
}

export class RouteEditor {
  readonly #view: EditorView

  constructor(host: HTMLElement, { text, label, placeholder: example, onChange }: EditorOptions) {
    const root = host.attachShadow({ mode: 'open' })
    // g and / are letters here: the shadow root hides from the page that one types
    host.addEventListener('keydown', (event) => event.stopPropagation())
    const extensions = [
      lineNumbers(),
      lintGutter(),
      history(),
      highlighting,
      completion,
      typingOver,
      bracketMatching(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      indentUnit.of('  '),
      placeholder(example),
      // Tab is not among them: it goes on to the next control
      keymap.of([...defaultKeymap, ...historyKeymap, ...lintKeymap]),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label }),
      EditorView.updateListener.of(({ docChanged, state }) => {
        if (docChanged) onChange(state.doc.toString())
      }),
      theme,
    ]
    this.#view = new EditorView({ state: EditorState.create({ doc: text, extensions }), parent: root, root })
  }

  /** Another text, from elsewhere; can be undone. */
  replace(text: string): void {
    const { doc } = this.#view.state
    if (doc.toString() !== text) this.#view.dispatch({ changes: { from: 0, to: doc.length, insert: text } })
  }

  mark(mistakes: readonly Mistake[]): void {
    const { state } = this.#view
    this.#view.dispatch(
      setDiagnostics(
        state,
        mistakes.map((mistake) => diagnostic(state.doc, mistake)),
      ),
    )
  }

  /** Puts the cursor there. */
  goTo(mistake: Mistake): void {
    const { from } = diagnostic(this.#view.state.doc, mistake)
    this.#view.dispatch({ selection: { anchor: from }, scrollIntoView: true })
    this.#view.focus()
  }

  destroy(): void {
    this.#view.destroy()
  }
}

/**
 * Left to itself, Chromium keeps the look of what is typed over in a style attribute, which our
 * Content-Security-Policy blocks, with an error in the console.
 */
const typingOver = EditorView.domEventHandlers({
  beforeinput({ inputType, data }, view) {
    if (inputType !== 'insertText' || data === null || view.composing || view.state.selection.main.empty) return false
    view.dispatch(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true })
    return true
  },
})

/** From the place to the end of the word there; at the end of a line, its last character. */
function diagnostic(doc: Text, { line, column, detail }: Mistake): Diagnostic {
  const { from, text } = doc.line(Math.min(Math.max(1, line), doc.lines))
  const start = Math.min(column - 1, Math.max(0, text.length - 1))
  const word = /^(?:[$\w.]+|"[^"]*"?|\S)/.exec(text.slice(start))?.[0].length ?? 1
  return { from: from + start, to: Math.min(from + start + word, doc.length), severity: 'error', message: detail }
}
