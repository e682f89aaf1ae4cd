/**
 * Runs a route for one connection: a walk over the parsed statements under a step budget. Reads facts, writes only
 * to the log it is given. It ends: there are no loops, no recursion, and the budget bounds what routes multiply.
 */
import { assertNever } from '../../base/errors.js'
import type { ConnectionFacts } from '../../base/facts.js'
import { connectionFields, type Log, silentLog } from '../../base/log.js'
import { contains } from '../../base/network.js'
import type { Explained, TraceFilter, Verdict } from './filter.js'
import {
  type Call,
  type Comparison,
  type Ending,
  type Expression,
  lineAt,
  type Operand,
  type Route,
  type Statement,
} from './script.js'
import { nullText } from './template.js'
import type { Value, Variable } from './variables.js'

/** About a millisecond. A filter of a hundred lines takes some hundred steps. */
const maxSteps = 20_000
/** Pattern places tried in the time of one step. */
const patternStep = 8

/** A route as a filter; linked, so that every call knows its route. */
export class FilterRoute implements TraceFilter {
  readonly name: string
  readonly #route: Route

  constructor(route: Route) {
    this.name = route.name
    this.#route = route
  }

  run(facts: ConnectionFacts, log: Log): Verdict {
    return new Run(facts, log, this.name).verdict(this.#route)
  }

  explain(facts: ConnectionFacts): Explained {
    const run = new Run(facts, silentLog, this.name)
    const verdict = run.verdict(this.#route)
    return { verdict, why: run.ending === undefined ? 'the end of the route was reached' : this.#place(run.ending) }
  }

  #place({ kind, at, source }: Ending): string {
    const line = `${kind} at line ${lineAt(source.text, at)}`
    return source.name === this.name ? line : `${line} of route ${source.name}`
  }
}

class Run {
  readonly #facts: ConnectionFacts
  readonly #log: Log
  readonly #name: string
  #steps = 0
  /** `exit` and `drop` end all routes, wherever they stand */
  #ended: Verdict | undefined
  /** `return` ends the route it stands in */
  #returned: number | undefined
  /** what decided; undefined: the end of the route */
  ending: Ending | undefined

  constructor(facts: ConnectionFacts, log: Log, name: string) {
    this.#facts = facts
    this.#log = log
    this.#name = name
  }

  verdict(route: Route): Verdict {
    this.#all(route.body)
    // A `return` of a route that was called has ended that one only.
    if (this.#ended === undefined && this.#returned === undefined) this.ending = undefined
    return this.#ended ?? 'trace'
  }

  #all(statements: readonly Statement[]): void {
    for (const statement of statements) {
      this.#execute(statement)
      if (this.#ended !== undefined || this.#returned !== undefined) return
    }
  }

  #execute(statement: Statement): void {
    this.#spend(1)
    switch (statement.kind) {
      case 'if':
        this.#branch(statement)
        return
      case 'block':
        this.#all(statement.body)
        return
      case 'exit':
        this.#ended = 'trace'
        this.ending = statement
        return
      case 'drop':
        this.#ended = 'drop'
        this.ending = statement
        return
      case 'return':
        this.#returned = statement.value
        this.ending = statement
        return
      case 'call':
        this.#call(statement.call)
        return
      case 'xlog':
        this.#log[statement.level]({ route: this.#name, ...connectionFields(this.#facts) }, this.#text(statement.parts))
        return
      default:
        assertNever(statement)
    }
  }

  #branch({ branches, otherwise }: Extract<Statement, { kind: 'if' }>): void {
    for (const { condition, body } of branches) {
      const holds = this.#holds(condition)
      if (this.#ended !== undefined) return
      if (holds) {
        this.#execute(body)
        return
      }
    }
    if (otherwise !== undefined) this.#execute(otherwise)
  }

  /** The value of `return`, 1 without one. As in OpenSIPS, `return(0)` is `exit`. */
  #call({ route }: Call): number {
    this.#all(route!.body)
    const value = this.#returned ?? 1
    this.#returned = undefined
    if (value === 0) this.#ended ??= 'trace'
    return value
  }

  /** Once a called route has ended everything, the answer does not matter and nothing more is called. */
  #holds(expression: Expression): boolean {
    this.#spend(1)
    switch (expression.kind) {
      case 'or':
        return expression.any.some((operand) => this.#ended !== undefined || this.#holds(operand))
      case 'and':
        return expression.all.every((operand) => this.#holds(operand) && this.#ended === undefined)
      case 'not':
        return !this.#holds(expression.operand)
      case 'call':
        return this.#call(expression.call) > 0
      case 'truth':
        return Boolean(this.#value(expression.operand))
      case 'compare':
        return compare(expression.operator, expression.left.read(this.#facts), this.#value(expression.right))
      case 'match':
        return this.#matches(expression) !== expression.negated
      case 'within':
        return this.#within(expression) !== expression.negated
      default:
        return assertNever(expression)
    }
  }

  #matches({ left, pattern }: Extract<Expression, { kind: 'match' }>): boolean {
    const value = left.read(this.#facts)
    if (value === undefined) return false
    const text = String(value)
    this.#spend(pattern.cost(text) / patternStep)
    return pattern.matches(text)
  }

  #within({ left, network }: Extract<Expression, { kind: 'within' }>): boolean {
    const ip = left.read(this.#facts)
    return typeof ip === 'string' && contains(network, ip)
  }

  #value(operand: Operand): Value {
    return typeof operand === 'object' ? operand.read(this.#facts) : operand
  }

  #text(parts: readonly (string | Variable)[]): string {
    return parts
      .map((part) => (typeof part === 'string' ? part : (part.read(this.#facts) ?? nullText)))
      .join('')
      .trimEnd()
  }

  #spend(steps: number): void {
    this.#steps += steps
    if (this.#steps > maxSteps) throw new Error(`route ${this.#name} took too long for this connection`)
  }
}

/** Null is equal to null only. Numbers compare as numbers, everything else as text without regard to case. */
function compare(operator: Comparison, left: Value, right: Value): boolean {
  if (left === undefined || right === undefined) {
    const same = left === right
    return operator === '==' ? same : operator === '!=' && !same
  }
  if (typeof left === 'number' && typeof right === 'number') return inOrder(operator, left - right)
  const a = String(left).toLowerCase()
  const b = String(right).toLowerCase()
  return inOrder(operator, a < b ? -1 : a > b ? 1 : 0)
}

function inOrder(operator: Comparison, difference: number): boolean {
  switch (operator) {
    case '==':
      return difference === 0
    case '!=':
      return difference !== 0
    case '<':
      return difference < 0
    case '>':
      return difference > 0
    case '<=':
      return difference <= 0
    case '>=':
      return difference >= 0
    default:
      return assertNever(operator)
  }
}
