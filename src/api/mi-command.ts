/** What a command of the management interface is: its parameters, and what it says. */
import type { Ports } from './ports.js'

export interface RpcError {
  readonly code: number
  readonly message: string
  readonly data?: string
}

/** What a command says: a result, or an error. */
export type Outcome = { readonly result: unknown } | { readonly error: RpcError }

export interface Command {
  /** the sets of parameters it takes, each in the order of positional ones ("recipes" in mi/mi.h of OpenSIPS) */
  readonly recipes: readonly (readonly string[])[]
  run(values: ReadonlyMap<string, unknown>, ports: Ports, by: string): Promise<Outcome>
}

/** JSON-RPC 2.0 §5.1 */
export const invalidParams: RpcError = { code: -32602, message: 'Invalid params' }
