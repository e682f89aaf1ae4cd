/** Colours a route script. A text has a few dozen lines, so all of it is looked at again with every change. */
import { type Extension, StateField, type Text } from '@codemirror/state'
import { Decoration, type DecorationSet, EditorView } from '@codemirror/view'
import { type TokenKind, tokensOf } from './tokens.js'

const marks: Readonly<Record<TokenKind, Decoration>> = {
  comment: Decoration.mark({ class: 'tok-comment' }),
  text: Decoration.mark({ class: 'tok-text' }),
  variable: Decoration.mark({ class: 'tok-variable' }),
  keyword: Decoration.mark({ class: 'tok-keyword' }),
  number: Decoration.mark({ class: 'tok-number' }),
}

export const highlighting: Extension = StateField.define<DecorationSet>({
  create: ({ doc }) => coloured(doc),
  update: (before, { docChanged, newDoc }) => (docChanged ? coloured(newDoc) : before),
  provide: (field) => EditorView.decorations.from(field),
})

function coloured(doc: Text): DecorationSet {
  return Decoration.set(tokensOf(doc.toString()).map(({ kind, from, to }) => marks[kind].range(from, to)))
}
