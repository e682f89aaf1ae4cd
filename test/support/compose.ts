/**
 * docker-compose.yml as data, and the files and addresses it hands to its containers. No engine runs here: what a
 * container would see is found by following its mounts.
 */
import { readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { parse } from 'yaml'
import { repoRoot } from './paths.js'

export interface Service {
  readonly image?: string
  readonly build?: string | { readonly context: string; readonly dockerfile_inline: string }
  readonly profiles?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly secrets?: readonly string[]
  readonly networks: readonly string[] | Readonly<Record<string, NetworkPlace>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly read_only?: boolean
  readonly restart: string
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly stop_grace_period?: string
  readonly deploy: { readonly resources: { readonly limits: { readonly memory: string } } }
}

interface NetworkPlace {
  readonly ipv4_address?: string
  readonly aliases?: readonly string[]
}

export interface Mount {
  /** `./folder` of the repository, or the name of a volume */
  readonly source: string
  readonly target: string
  readonly mode: string | undefined
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean; readonly ipam?: unknown } | null>>
  readonly secrets: Readonly<Record<string, { readonly environment: string }>>
  readonly volumes: Readonly<Record<string, unknown>>
}

export const composeText = fileText('docker-compose.yml')
export const compose = parse(composeText, { merge: true }) as Compose
export const services = Object.entries(compose.services)

/** A file of the repository. */
export function fileText(path: string): string {
  return readFileSync(join(repoRoot, path), 'utf8')
}

export function serviceOf(name: string): Service {
  const service = compose.services[name]
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${name}`)
  return service
}

export function mountsOf({ volumes = [] }: Service): Mount[] {
  return volumes.map((volume) => {
    const [source, target, mode] = volume.split(':') as [string, string, string | undefined]
    return { source, target, mode }
  })
}

/** The file of the repository that a container finds under a path, by its mounts. */
export function onHost(service: Service, inContainer: string): string {
  const mount = mountsOf(service).find(({ source, target }) => {
    return source.startsWith('.') && inContainer.startsWith(`${target}/`)
  })
  if (mount === undefined) throw new Error(`nothing is mounted at ${inContainer}`)
  return normalize(join(repoRoot, mount.source, inContainer.slice(mount.target.length)))
}

export function networksOf({ networks }: Service): Readonly<Record<string, NetworkPlace>> {
  return Array.isArray(networks)
    ? Object.fromEntries((networks as readonly string[]).map((name) => [name, {}]))
    : (networks as Readonly<Record<string, NetworkPlace>>)
}

/** What Compose would make of `$$`: a dollar that it leaves alone. */
export function unescaped(text: string): string {
  return text.replaceAll('$$', '$')
}
