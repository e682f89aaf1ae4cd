/**
 * The comparisons of a filter, checked when it is loaded: what can never be true, or would fail with the first
 * connection, is refused here. Semantics as in OpenSIPS; `docs/route-script.md` has them in words.
 */
import { parseNetwork } from '../../base/network.js'
import { compilePattern } from './pattern.js'
import type { Comparison, Expression, Operand } from './script.js'
import type { Report } from './template.js'
import type { Variable } from './variables.js'

/** A value as it stands in the text. */
export interface Placed {
  readonly at: number
  readonly value: Operand
}

export type Operator = Comparison | '=~' | '!~'

/** Whatever is wrong goes to `report`; the expression that comes back then is never run. */
export function comparison(left: Placed, operator: Operator, right: Placed, report: Report): Expression {
  if (operator === '=~' || operator === '!~') return matching(left, operator, right, report)
  if (isVariable(left.value)) return ordered(left.value, operator, right, report)
  if (isVariable(right.value)) return ordered(right.value, mirrored[operator], left, report)
  report(left.at, 'one side of a comparison has to be a variable')
  return never
}

const never: Expression = { kind: 'truth', operand: 0 }
const mirrored = { '==': '==', '!=': '!=', '<': '>', '>': '<', '<=': '>=', '>=': '<=' } as const

function matching(left: Placed, operator: '=~' | '!~', right: Placed, report: Report): Expression {
  if (!isVariable(left.value)) {
    report(left.at, `${operator} needs a variable on its left`)
    return never
  }
  if (typeof right.value !== 'string') {
    report(right.at, `${operator} needs a pattern in quotes on its right`)
    return never
  }
  const pattern = compilePattern(right.value)
  if (typeof pattern === 'string') {
    report(right.at, `pattern: ${pattern}`)
    return never
  }
  return { kind: 'match', negated: operator === '!~', left: left.value, pattern }
}

function ordered(left: Variable, operator: Comparison, right: Placed, report: Report): Expression {
  const equality = operator === '==' || operator === '!='
  if (right.value === undefined && !equality) {
    report(right.at, '$null is only compared with == and !=')
    return never
  }
  if (typeof right.value === 'number' && left.type !== 'number') {
    report(right.at, `$${left.name} is a text: write "${right.value}" in quotes`)
    return never
  }
  if (typeof right.value !== 'string' || left.type !== 'address') {
    return { kind: 'compare', operator, left, right: right.value }
  }
  const network = parseNetwork(right.value)
  if (network === undefined || !equality) {
    report(
      right.at,
      equality
        ? `"${right.value}" is neither an address nor a network, $${left.name} is never equal to it`
        : 'addresses are only compared with == and !=',
    )
    return never
  }
  return { kind: 'within', negated: operator === '!=', left, network }
}

function isVariable(value: Operand): value is Variable {
  return typeof value === 'object'
}
