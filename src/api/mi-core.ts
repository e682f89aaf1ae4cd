/** `uptime`, `version` and `tls_trace` as in OpenSIPS: mi/mi_core.c, modules/proto_tls/proto_tls.c. */
import type { Command, RpcError } from './mi-command.js'

export const uptime: Command = {
  recipes: [[]],
  async run(_values, { view }) {
    const { startedAt, uptimeSeconds } = await view.status()
    const result = {
      Now: ctime(new Date()),
      'Up since': ctime(new Date(startedAt)),
      'Up time': `${Math.floor(uptimeSeconds)} [sec]`,
    }
    return { result }
  },
}

/** There it is `OpenSIPS (4.0.1 (x86_64/linux))`. */
export const version: Command = {
  recipes: [[]],
  async run(_values, { view }) {
    const { version } = await view.status()
    return { result: { Server: `hepgate (${version} (${process.arch}/${process.platform}))` } }
  },
}

const badParameter: RpcError = { code: 500, message: 'Bad parameter value', data: "trace_mode should be 'on' or 'off'" }

export const tlsTrace: Command = {
  recipes: [[], ['trace_mode']],
  async run(values, { view, control }, by) {
    if (!values.has('trace_mode')) return { result: { 'TLS tracing': (await view.trace()).trace_mode } }
    const trace_mode = traceMode(values.get('trace_mode'))
    if (trace_mode === undefined) return { error: badParameter }
    await control.setTrace({ trace_mode, by })
    return { result: 'OK' }
  },
}

/** As proto_tls reads it: case does not matter. */
function traceMode(value: unknown): 'on' | 'off' | undefined {
  const mode = typeof value === 'string' ? value.toLowerCase() : undefined
  return mode === 'on' || mode === 'off' ? mode : undefined
}

/** As ctime(3): `Mon Jul  1 17:41:03 2008`, local time. ECMA-262 §21.4.4.41.4 fixes what toString gives. */
function ctime(date: Date): string {
  const [weekday, month, day, year, time] = date.toString().split(' ')
  return `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`
}
