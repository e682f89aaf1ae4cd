/**
 * `log_level` as in OpenSIPS (mi/mi_core.c: w_log_level, mi_log_level), with its numbers. There each process has a
 * level; here each component of the one process has.
 */
import { levelOfNumber, numberOfLevel } from '../base/log.js'
import type { GatewayView } from '../base/ports.js'
import { type Command, invalidParams, type Outcome } from './mi-command.js'

export const logLevel: Command = {
  recipes: [[], ['level'], ['level', 'pid']],
  async run(values, { view, control }, by) {
    if (!values.has('level')) return { result: { Processes: await processes(view) } }
    const level = integer(values.get('level'))
    if (level === undefined) return wrong("Bad type for parameter 'level'")
    const problem = values.has('pid') ? await pidProblem(values.get('pid'), view) : undefined
    if (problem !== undefined) return wrong(problem)
    await control.setLog({ component: undefined, level: levelOfNumber(level), forMs: undefined, by })
    return { result: { [values.has('pid') ? 'Log level' : 'New global log level']: level } }
  },
}

async function processes(view: GatewayView): Promise<object[]> {
  const { pid } = await view.status()
  const { components } = await view.log()
  return components.map(({ component, level }) => ({ PID: pid, 'Log level': numberOfLevel(level), Type: component }))
}

async function pidProblem(value: unknown, view: GatewayView): Promise<string | undefined> {
  const given = integer(value)
  if (given === undefined) return "Bad type for parameter 'pid'"
  return given === (await view.status()).pid ? undefined : 'Bad PID'
}

/** mi/item.c, try_get_mi_int_param: a number, or the text of one, which is what opensips-cli sends. */
function integer(value: unknown): number | undefined {
  if (typeof value === 'number') return Math.trunc(value)
  return typeof value === 'string' && /^[+-]?\d{1,10}$/.test(value) ? Number(value) : undefined
}

function wrong(data: string): Outcome {
  return { error: { ...invalidParams, data } }
}
