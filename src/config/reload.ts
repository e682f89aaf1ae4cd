/** What of a changed configuration can take effect while connections live, and what has to wait for a restart. */
import type { Config } from './types.js'

/** The configuration to run from now on, and a note for every change in `next` that needs a restart. */
export function reloaded(running: Config, next: Config): { config: Config; notes: string[] } {
  const config: Config = {
    ...running,
    log: { ...running.log, levels: next.log.levels },
    proto_tls: {
      ...running.proto_tls,
      trace_destination: next.proto_tls.trace_destination,
      trace_filter_route: next.proto_tls.trace_filter_route,
    },
    proto_hep: next.proto_hep,
    tls_mgm: next.tls_mgm,
    routes: next.routes,
    relay: { ...running.relay, upstream: next.relay.upstream, trunk: next.relay.trunk },
    trust: { ...running.trust, domains: next.trust.domains, alert_info: next.trust.alert_info },
    api: reloadedApi(running.api, next.api),
  }
  return { config, notes: differences(config, next).map((path) => `${path}: changed, takes effect at the next start`) }
}

/** Tokens at once: one that leaked has to go. A certificate too, but not whether there is one. */
function reloadedApi(running: Config['api'], next: Config['api']): Config['api'] {
  const { token, tokens, rate_limit, certificate, private_key } = next
  const isSecure = (api: Config['api']) => api.certificate !== undefined && api.private_key !== undefined
  const identity = isSecure(running) && isSecure(next) ? { certificate, private_key } : {}
  return { ...running, token, tokens, rate_limit, ...identity }
}

/** Sections whose parts an operator changes one by one. */
const sections = [
  'log',
  'proto_tls',
  'relay',
  'trust',
  'trace',
  'limits',
  'collector',
  'telemetry',
  'live',
  'api',
] as const

function differences(a: Config, b: Config): string[] {
  const whole = (['state_dir', 'socket'] as const).filter((key) => !same(a[key], b[key]))
  const parts = sections.flatMap((section) => {
    const [before, after] = [a[section] as Record<string, unknown>, b[section] as Record<string, unknown>]
    return Object.keys(after)
      .filter((key) => !same(before[key], after[key]))
      .map((key) => `${section}.${key}`)
  })
  return [...whole, ...parts]
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
