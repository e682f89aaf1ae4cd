/**
 * What is wrong with a configuration beyond the file itself: certificates, keys and routes are loaded and
 * thrown away; and what in the file is probably not meant. It listens nowhere and writes nothing.
 */
import type { DomainStatus } from '../base/status.js'
import type { Problem } from '../config/load.js'
import type { Config, HepDestinationConfig } from '../config/types.js'
import { configWarnings } from '../config/warnings.js'
import { buildContexts } from '../tls/contexts.js'
import { loadMaterial } from '../tls/material.js'
import { loadModuleFilter } from '../trace/filter/module.js'
import { compileRoutes } from '../trace/filter/routes.js'
import { routePlace } from './route-place.js'

export interface InspectionProblem {
  /** error: the gateway would not start */
  readonly severity: 'error' | 'warning'
  /** `hepgate.yaml:12:5`, or the file of a certificate */
  readonly place: string
  readonly message: string
}

/** Would keep the gateway from starting. */
export function isError({ severity }: InspectionProblem): boolean {
  return severity === 'error'
}

/** A problem of the file itself, at its place there. */
export function fileProblem(
  severity: InspectionProblem['severity'],
  { path, line, column, message }: Problem,
  file = 'built-in defaults',
): InspectionProblem {
  return {
    severity,
    place: line === 0 ? file : `${file}:${line}:${column}`,
    message: path === '' ? message : `${path}: ${message}`,
  }
}

export interface Inspection {
  readonly problems: readonly InspectionProblem[]
  /** empty when one of them cannot be built */
  readonly domains: readonly DomainStatus[]
}

/** `text`: what the configuration was read from, to find the lines of routes in it. */
export async function inspect(config: Config, text: string): Promise<Inspection> {
  const { contexts, problems: domainProblems } = buildContexts(config.tls_mgm)
  const problems: InspectionProblem[] = [
    ...configWarnings(config, text).map((problem) => fileProblem('warning', problem, config.file)),
    ...domainProblems.map(({ severity, domain, role, file, message }) => ({
      severity,
      place: file === '' ? 'tls_mgm' : file,
      message: `${role}_domain ${domain}: ${message}`,
    })),
    ...config.proto_hep.hep_id.flatMap((destination) => identityProblems(`HEP id ${destination.id}`, destination)),
    ...identityProblems('api', { ...config.api, ca_list: undefined }),
    ...routeProblems(config, text),
    ...(await moduleProblems(config.proto_tls.trace_filter_route, config.routes)),
  ]
  return { problems, domains: contexts?.list() ?? [] }
}

type IdentityFiles = Pick<HepDestinationConfig, 'certificate' | 'private_key' | 'ca_list'>

function identityProblems(whose: string, { certificate, private_key, ca_list }: IdentityFiles): InspectionProblem[] {
  const { problems } = loadMaterial({
    certificate: certificate === undefined ? [] : [certificate],
    private_key: private_key === undefined ? [] : [private_key],
    private_key_password: undefined,
    ca_list,
    ca_dir: undefined,
    crl: undefined,
    dh_params: undefined,
  })
  return problems.map(({ severity, file, message }) => ({ severity, place: file, message: `${whose}: ${message}` }))
}

/** All of them, also those that no filter calls. */
function routeProblems({ file, routes }: Config, text: string): InspectionProblem[] {
  return Object.keys(routes).flatMap((name) => {
    const compiled = compileRoutes(routes, name)
    if ('filter' in compiled) return []
    // a text that calls others is told of their problems too, each under its name
    const others = Object.keys(routes).filter((other) => other !== name)
    const own = compiled.problems.filter(
      ({ message }) => !others.some((other) => message.startsWith(`route ${other}: `)),
    )
    return own.map((problem) => ({
      severity: 'error' as const,
      place: routePlace(file, text, name, problem),
      message: `routes.${name}: ${problem.message}`,
    }))
  })
}

async function moduleProblems(filterRoute: string | undefined, routes: Config['routes']): Promise<InspectionProblem[]> {
  if (filterRoute === undefined || Object.hasOwn(routes, filterRoute)) return []
  const loaded = await loadModuleFilter(filterRoute)
  if ('filter' in loaded) return []
  return loaded.problems.map(({ message }) => ({ severity: 'error', place: filterRoute, message }))
}
