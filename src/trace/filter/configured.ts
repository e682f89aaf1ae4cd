/** The filters an operator names: in the configuration by a route or a module, over HTTP by a text. Runs none of them. */
import { isAbsolute } from 'node:path'
import { UsageError } from '../../base/errors.js'
import type { Config } from '../../config/types.js'
import type { TraceFilter } from './filter.js'
import { loadModuleFilter } from './module.js'
import { compileRoutes } from './routes.js'

/** `proto_tls.trace_filter_route`: a module by its path, or a route. Throws UsageError with all its problems. */
export async function configuredFilter(config: Config): Promise<TraceFilter | undefined> {
  const name = config.proto_tls.trace_filter_route
  if (name === undefined) return undefined
  const compiled = isAbsolute(name) ? await loadModuleFilter(name) : compileRoutes(config.routes, name)
  if ('filter' in compiled) return compiled.filter
  const places = compiled.problems.map(({ line, column, message }) => `${name}:${line}:${column}: ${message}`)
  throw new UsageError(places.join('\n'))
}

/** The text of the configured route; undefined: it is a module, or there is none. */
export function configuredText({ proto_tls, routes }: Config): string | undefined {
  const name = proto_tls.trace_filter_route
  return name === undefined ? undefined : routes[name]
}

/** A route text that came over HTTP; it may call the routes of the configuration. */
export function filterOfText(config: Config, text: string): ReturnType<typeof compileRoutes> {
  const name = 'filter of the API'
  return compileRoutes({ ...config.routes, [name]: text }, name)
}
