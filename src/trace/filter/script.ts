/** A parsed route: what the parser makes and the interpreter walks. Names are resolved, texts compiled; no loops exist. */
import type { Network } from '../../base/network.js'
import type { Pattern } from './pattern.js'
import type { Variable } from './variables.js'

export type Statement =
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: Statement | undefined }
  | { readonly kind: 'block'; readonly body: readonly Statement[] }
  | Ending
  | { readonly kind: 'xlog'; readonly level: LogLevel; readonly parts: readonly (string | Variable)[] }
  | { readonly kind: 'call'; readonly call: Call }

/** A statement behind which nothing of its route runs, and where it stands. */
export type Ending = (
  | { readonly kind: 'exit' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'return'; readonly value: number }
) & { readonly at: number; readonly source: Source }

/** A text of the configuration or the API, under the name of its route. */
export interface Source {
  readonly name: string
  readonly text: string
}

/** Lines count from 1. */
export function lineAt(text: string, at: number): number {
  return text.slice(0, at).split('\n').length
}

/** `if` or `else if` */
export interface Branch {
  readonly condition: Expression
  readonly body: Statement
}

export type Expression =
  | { readonly kind: 'or'; readonly any: readonly Expression[] }
  | { readonly kind: 'and'; readonly all: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'call'; readonly call: Call }
  /** a value alone: true unless null, 0 or empty */
  | { readonly kind: 'truth'; readonly operand: Operand }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Variable; readonly right: Operand }
  | { readonly kind: 'match'; readonly negated: boolean; readonly left: Variable; readonly pattern: Pattern }
  | { readonly kind: 'within'; readonly negated: boolean; readonly left: Variable; readonly network: Network }

export type Comparison = '==' | '!=' | '<' | '>' | '<=' | '>='

/** undefined is `$null` */
export type Operand = Variable | string | number | undefined

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** `route(name)`; linked once all routes are known. */
export interface Call {
  readonly name: string
  readonly at: number
  route: Route | undefined
}

export interface Route {
  readonly name: string
  readonly body: readonly Statement[]
  /** every call in the body */
  readonly calls: readonly Call[]
}
