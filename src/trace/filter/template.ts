/** Variables by name, alone and inside the text of an xlog. Reads no connection. */
import { variableAt } from './lexer.js'
import type { Operand } from './script.js'
import { didYouMean } from './suggest.js'
import { type Variable, variables } from './variables.js'

/** Takes note of something wrong at an offset of the text; parsing goes on. */
export type Report = (at: number, message: string) => void

/** `$null` is undefined; so is every unknown variable, once it is reported. */
export function resolveVariable(name: string, at: number, report: Report): Operand {
  if (name === 'null') return undefined
  const variable = variables.get(name)
  if (variable !== undefined) return variable
  report(at, `$${name}: unknown variable${didYouMean(name, variables.keys(), (near) => `$${near}`)}`)
  return unknown
}

/** Stands for a variable that was reported, fits everywhere, so that one slip makes one problem. */
const unknown: Variable = { name: 'unknown', type: 'number', help: '', read: () => undefined }

/** `peer $si on $socket_in(port), $$5` → `peer `, $si, ` on `, $socket_in(port), `, $5` */
export function templateParts(text: string, at: number, report: Report): (string | Variable)[] {
  const parts: (string | Variable)[] = []
  let from = 0
  for (let i = text.indexOf('$'); i >= 0; i = text.indexOf('$', i)) {
    const found = text[i + 1] === '$' ? undefined : variableAt(text, i)
    if (found === undefined) {
      parts.push(text.slice(from, i + 1))
      i += text[i + 1] === '$' ? 2 : 1
      from = i
      continue
    }
    const value = resolveVariable(found.name, at, report)
    parts.push(text.slice(from, i), typeof value === 'object' ? value : nullText)
    i = found.end
    from = i
  }
  parts.push(text.slice(from))
  return parts.filter((part) => part !== '')
}

/** as OpenSIPS prints a variable without value */
export const nullText = '<null>'
