/**
 * From the file's settings, whose shape is good, to the configuration the program uses: spellings parsed,
 * secrets fetched, paths absolute. What settings say about each other is judged in consistency.ts.
 */
import { join } from 'node:path'
import { UsageError } from '../base/errors.js'
import { type LogComponent, type LogLevel, logComponents } from '../base/log.js'
import { hepDestination, parseHepId, type WrittenHepId } from './hep-id.js'
import { isHost, parseCidr, parseIpPort, quote } from './host-port.js'
import { parseDestinationMatch, parseNameMatch, parseSocketMatch } from './match.js'
import type { Path, Problems } from './problems.js'
import { type FileSettings, trunkDefaults, upstreamDefaults } from './schema.js'
import { resolveSecret } from './secret.js'
import { parseAdvertised, parseSocket } from './socket.js'
import type { Surroundings } from './surroundings.js'
import { parseTlsMethod } from './tls-method.js'
import { digestOf, parseDigest, parseTokenName } from './token.js'
import { parseTrunk } from './trunk.js'
import { alertInfo, parseTrustedDomain, parseTrustHeader } from './trust.js'
import type {
  ApiTokenConfig,
  ClientDomainConfig,
  Config,
  HepDestinationConfig,
  HostPort,
  ServerDomainConfig,
  SocketConfig,
  TrunkConfig,
  UpstreamConfig,
} from './types.js'
import { parseUpstream } from './upstream.js'

/** A shorter key of flow tokens could be found by trying. */
const shortestFlowSecret = 16

/** Where there are problems, entries are left out: the result is whole only when there are none. */
export function resolveSettings(settings: FileSettings, problems: Problems, around: Surroundings): Config {
  return new Resolver(settings, problems, around).config()
}

/** What server and client domains have in common. */
type DomainSettings = Omit<
  FileSettings['tls_mgm']['client_domain'][number],
  'server_name' | 'verify_name' | 'verify_name_wildcard' | 'alias'
>

class Resolver {
  readonly #settings: FileSettings
  readonly #problems: Problems
  readonly #around: Surroundings
  readonly #tlsPort: number

  constructor(settings: FileSettings, problems: Problems, around: Surroundings) {
    this.#settings = settings
    this.#problems = problems
    this.#around = around
    this.#tlsPort = settings.proto_tls.tls_port
  }

  config(): Config {
    const { proto_tls, proto_hep, tls_mgm, routes, relay, trust, trace, limits, collector, telemetry, live, log } =
      this.#settings
    const around = this.#around
    return {
      file: around.file,
      state_dir: this.#path(this.#settings.state_dir) ?? defaultStateDir(around),
      log: { format: log.format ?? (around.terminal ? 'pretty' : 'json'), levels: logLevelsOf(log) },
      socket: this.#each(this.#settings.socket, ['socket'], (entry, path) => this.#socket(entry, path)),
      proto_tls: { ...proto_tls, trace_filter_route: this.#filterRoute(proto_tls.trace_filter_route) },
      proto_hep: {
        ...proto_hep,
        hep_id: this.#each(proto_hep.hep_id, ['proto_hep', 'hep_id'], (entry, path) => this.#hepId(entry, path)),
        hep_node_name: this.#nodeName(proto_hep.hep_node_name),
      },
      tls_mgm: {
        ...tls_mgm,
        server_domain: this.#each(tls_mgm.server_domain, ['tls_mgm', 'server_domain'], (entry, path) =>
          this.#serverDomain(entry, path),
        ),
        client_domain: this.#each(tls_mgm.client_domain, ['tls_mgm', 'client_domain'], (entry, path) =>
          this.#clientDomain(entry, path),
        ),
      },
      routes,
      relay: {
        ...relay,
        upstream: this.#each(relay.upstream, ['relay', 'upstream'], (entry, path) => this.#upstream(entry, path)),
        trunk: this.#each(relay.trunk, ['relay', 'trunk'], (entry, path) => this.#trunk(entry, path)),
        flow_secret: this.#flowSecret(relay.flow_secret),
        dns_server: this.#texts(relay.dns_server, ['relay', 'dns_server'], parseDnsServer),
      },
      trust: {
        domains: this.#texts(trust.domains, ['trust', 'domains'], parseTrustedDomain),
        header: this.#parsed(trust.header, ['trust', 'header'], parseTrustHeader) ?? trust.header,
        alert_info: this.#alertInfo(trust.alert_info),
      },
      trace: { ...trace, keylog_file: this.#path(trace.keylog_file) },
      limits,
      collector: {
        ...collector,
        listen: this.#texts(collector.listen, ['collector', 'listen'], parseCollectorSocket),
      },
      telemetry,
      live,
      api: this.#api(this.#settings.api),
    }
  }

  #socket(entry: FileSettings['socket'][number], path: Path): SocketConfig | undefined {
    const detailed = typeof entry === 'string' ? undefined : entry
    const text = typeof entry === 'string' ? entry : entry.socket
    const textPath = detailed === undefined ? path : [...path, 'socket']
    const advertisePath = [...path, 'advertise']
    const socket = this.#parsed(text, textPath, (written) => parseSocket(written, this.#tlsPort))
    const advertise = this.#parsed(detailed?.advertise, advertisePath, (written) =>
      parseAdvertised(written, socket?.port ?? this.#tlsPort),
    )
    const proxy_protocol = this.#texts(detailed?.proxy_protocol ?? [], [...path, 'proxy_protocol'], parseCidr)
    if (socket === undefined) return undefined
    if (advertise !== undefined && socket.advertise !== undefined) {
      this.#problems.add(advertisePath, 'the address is already given by AS')
    }
    const side = detailed?.side ?? (socket.transport === 'tls' ? 'edge' : 'core')
    const relay = detailed?.relay ?? this.#settings.relay.mode
    return { ...socket, advertise: advertise ?? socket.advertise, side, relay, proxy_protocol }
  }

  #upstream(entry: FileSettings['relay']['upstream'][number], path: Path): UpstreamConfig | undefined {
    const { uri, priority, weight } = typeof entry === 'string' ? { uri: entry, ...upstreamDefaults } : entry
    const uriPath = typeof entry === 'string' ? path : [...path, 'uri']
    const server = this.#parsed(uri, uriPath, (text) => parseUpstream(text, this.#tlsPort))
    return server && { ...server, priority, weight }
  }

  #trunk(entry: FileSettings['relay']['trunk'][number], path: Path): TrunkConfig | undefined {
    const { uri, keepalive, options } = typeof entry === 'string' ? { uri: entry, ...trunkDefaults } : entry
    const peer = this.#parsed(uri, typeof entry === 'string' ? path : [...path, 'uri'], parseTrunk)
    return peer && { ...peer, keepalive, options }
  }

  #flowSecret(written: string | undefined): string | undefined {
    return this.#parsed(written, ['relay', 'flow_secret'], (text) => {
      const secret = resolveSecret(text, this.#around)
      if (secret.length < shortestFlowSecret) {
        throw new UsageError(`a key of at least ${shortestFlowSecret} characters is needed, found ${secret.length}`)
      }
      return secret
    })
  }

  #alertInfo({ phone, ring }: FileSettings['trust']['alert_info']): string | undefined {
    const path = ['trust', 'alert_info']
    if (this.#problems.touch(path) || (phone === undefined && ring === undefined)) return undefined
    if (phone === undefined || ring === undefined) {
      this.#problems.add([...path, phone === undefined ? 'phone' : 'ring'], 'is missing: phone and ring go together')
      return undefined
    }
    return this.#parsed(ring, [...path, 'ring'], (text) => alertInfo(phone, text))
  }

  #hepId(entry: FileSettings['proto_hep']['hep_id'][number], path: Path): HepDestinationConfig | undefined {
    const beside = typeof entry === 'string' ? undefined : entry
    const inText = this.#parsed(
      typeof entry === 'string' ? entry : entry.hep_id,
      beside === undefined ? path : [...path, 'hep_id'],
      parseHepId,
    )
    const keyPath = beside?.auth_key === undefined ? path : [...path, 'auth_key']
    const auth_key = this.#secret(beside?.auth_key ?? inText?.auth_key, keyPath)
    if (inText === undefined) return undefined
    const written = beside === undefined ? inText : this.#joined(inText, beside, path)
    return this.#problems.guard(path, () =>
      hepDestination({
        ...written,
        auth_key,
        ca_list: this.#path(written.ca_list),
        certificate: this.#path(written.certificate),
        private_key: this.#path(written.private_key),
      }),
    )
  }

  /** A destination whose keys stand partly in its text and partly beside it. */
  #joined(
    inText: WrittenHepId,
    { hep_id: _text, types, ...rest }: Exclude<FileSettings['proto_hep']['hep_id'][number], string>,
    path: Path,
  ): WrittenHepId {
    const all = { ...rest, types: types.length === 0 ? undefined : types }
    const beside = Object.entries(all).filter(([, value]) => value !== undefined)
    for (const [key] of beside) {
      if (key in inText) this.#problems.add([...path, key], 'is also given in the text of hep_id')
    }
    return { ...inText, ...Object.fromEntries(beside) }
  }

  #serverDomain(entry: FileSettings['tls_mgm']['server_domain'][number], path: Path): ServerDomainConfig {
    return {
      ...this.#domain(entry, path),
      match_ip_address: this.#texts(entry.match_ip_address, [...path, 'match_ip_address'], parseSocketMatch),
      match_sip_domain: this.#texts(entry.match_sip_domain, [...path, 'match_sip_domain'], (t) =>
        parseNameMatch(t, true),
      ),
    }
  }

  #clientDomain(entry: FileSettings['tls_mgm']['client_domain'][number], path: Path): ClientDomainConfig {
    return {
      ...this.#domain(entry, path),
      match_ip_address: this.#texts(entry.match_ip_address, [...path, 'match_ip_address'], parseDestinationMatch),
      match_sip_domain: this.#texts(entry.match_sip_domain, [...path, 'match_sip_domain'], (t) =>
        parseNameMatch(t, false),
      ),
      server_name: this.#parsed(entry.server_name, [...path, 'server_name'], parseServerName),
      verify_name: entry.verify_name,
      verify_name_wildcard: entry.verify_name_wildcard,
      alias: entry.alias,
    }
  }

  #domain(entry: DomainSettings, path: Path) {
    const certificate = this.#paths(entry.certificate, [...path, 'certificate'])
    const private_key = this.#paths(entry.private_key, [...path, 'private_key'])
    if (certificate.length !== private_key.length && !this.#touched(path, ['certificate', 'private_key'])) {
      const counts = `found ${certificate.length} certificate and ${private_key.length} private_key`
      this.#problems.add([...path, 'private_key'], `each certificate needs its key: ${counts}`)
    }
    return {
      name: entry.name,
      certificate,
      private_key,
      private_key_password: this.#secret(entry.private_key_password, [...path, 'private_key_password']),
      ca_list: this.#path(entry.ca_list),
      ca_dir: this.#path(entry.ca_dir),
      crl: this.#path(entry.crl),
      verify_cert: entry.verify_cert,
      require_cert: entry.require_cert,
      ...(this.#parsed(entry.tls_method, [...path, 'tls_method'], parseTlsMethod) ?? parseTlsMethod('SSLv23')),
      ciphers_list: entry.ciphers_list,
      ciphersuites: entry.ciphersuites,
      dh_params: this.#path(entry.dh_params),
      ec_curve: entry.ec_curve,
    }
  }

  #touched(path: Path, keys: readonly string[]): boolean {
    return keys.some((key) => this.#problems.touch([...path, key]))
  }

  #filterRoute(written: string | undefined): string | undefined {
    return written !== undefined && isModule(written) ? this.#around.absolute(written) : written
  }

  #nodeName(written: string | undefined): string {
    if (written === undefined) return this.#around.hostName.replace(/[^A-Za-z0-9._:-]/g, '-') || 'hepgate'
    if (!/^[A-Za-z0-9._:-]+$/.test(written)) {
      this.#problems.add(
        ['proto_hep', 'hep_node_name'],
        `expected only letters, digits and . _ : -, found ${quote(written)}`,
      )
    }
    return written
  }

  #api(api: FileSettings['api']): Config['api'] {
    const { certificate, private_key } = api
    if ((certificate === undefined) !== (private_key === undefined) && !this.#problems.touch(['api'])) {
      const missing = certificate === undefined ? 'certificate' : 'private_key'
      this.#problems.add(['api', missing], 'is missing: certificate and private_key go together')
    }
    return {
      listen: api.listen === 'off' ? undefined : this.#parsed(api.listen, ['api', 'listen'], parseApiListen),
      token: this.#secret(api.token, ['api', 'token']),
      tokens: this.#each(api.tokens, ['api', 'tokens'], (entry, path) => this.#apiToken(entry, path)),
      certificate: this.#path(certificate),
      private_key: this.#path(private_key),
      rate_limit: api.rate_limit,
    }
  }

  #apiToken(entry: FileSettings['api']['tokens'][number], path: Path): ApiTokenConfig | undefined {
    const { scopes } = entry
    if (scopes.length === 0) this.#problems.add([...path, 'scopes'], 'a token without a scope is good for nothing')
    const name = this.#parsed(entry.name, [...path, 'name'], parseTokenName)
    const sha256 = this.#tokenDigest(entry, path)
    if (name === undefined || sha256 === undefined) return undefined
    return { name, scopes: [...new Set(scopes)], sha256 }
  }

  /** By its digest, or by itself where a container is handed it. */
  #tokenDigest({ sha256, token }: FileSettings['api']['tokens'][number], path: Path): string | undefined {
    if ((sha256 === undefined) === (token === undefined) && !this.#touched(path, ['sha256', 'token'])) {
      const found = token === undefined ? 'neither' : 'both'
      this.#problems.add([...path, 'sha256'], `expected sha256 or token, found ${found}`)
      return undefined
    }
    if (token === undefined) return this.#parsed(sha256, [...path, 'sha256'], parseDigest)
    return this.#parsed(token, [...path, 'token'], (text) => digestOf(resolveSecret(text, this.#around)))
  }

  #path(written: string | undefined): string | undefined {
    return written === undefined ? undefined : this.#around.absolute(written)
  }

  #paths(written: readonly string[], path: Path): string[] {
    return this.#texts(written, path, (text) => this.#around.absolute(text))
  }

  #secret(written: string | undefined, path: Path): string | undefined {
    return this.#parsed(written, path, (text) => resolveSecret(text, this.#around))
  }

  #texts<T>(written: readonly string[], path: Path, parse: (text: string) => T): T[] {
    return this.#each(written, path, (text, itemPath) => this.#parsed(text, itemPath, parse))
  }

  /** Entries that could not be read are left out. */
  #each<S, T>(written: readonly S[], path: Path, read: (entry: S, path: Path) => T | undefined): T[] {
    const result: T[] = []
    written.forEach((entry, i) => {
      const itemPath = [...path, i]
      // what is not even of the right shape is undefined here, whatever its type says
      const value = entry === undefined ? undefined : read(entry, itemPath)
      if (value !== undefined) result.push(value)
    })
    return result
  }

  /** undefined when it is not written, when its shape is wrong already, or when it does not parse. */
  #parsed<T>(text: string | undefined, path: Path, parse: (text: string) => T): T | undefined {
    if (text === undefined || this.#problems.touch(path)) return undefined
    return this.#problems.guard(path, () => parse(text))
  }
}

/** A filter route given as a JavaScript module instead of a name. */
export function isModule(filterRoute: string): boolean {
  return filterRoute.endsWith('.mjs') || filterRoute.endsWith('.js')
}

/** systemd sets STATE_DIRECTORY, several separated by colons (systemd.exec(5)); XDG_STATE_HOME is of the XDG base directories. */
function defaultStateDir({ env, homeDir }: Surroundings): string {
  const systemd = env.STATE_DIRECTORY?.split(':')[0]
  if (systemd !== undefined && systemd !== '') return systemd
  return join(env.XDG_STATE_HOME || join(homeDir, '.local', 'state'), 'hepgate')
}

function parseCollectorSocket(text: string): Config['collector']['listen'][number] {
  const colon = text.indexOf(':')
  const transport = text.slice(0, Math.max(colon, 0)).toLowerCase()
  if (transport !== 'udp' && transport !== 'tcp') {
    throw new UsageError(`${quote(text)} is not a collector socket: expected udp:IP[:PORT] or tcp:IP[:PORT]`)
  }
  const { ip, port = 9060 } = parseIpPort(text.slice(colon + 1), 0)
  return { transport, ip, port }
}

function parseDnsServer(text: string): HostPort {
  const { ip, port = 53 } = parseIpPort(text, 1)
  return { host: ip, port }
}

function parseApiListen(text: string): { ip: string; port: number } {
  const { ip, port = 8080 } = parseIpPort(text, 0)
  return { ip, port }
}

function parseServerName(text: string): string {
  if (!isHost(text)) throw new UsageError(`${quote(text)} is not a host name`)
  return text
}

function logLevelsOf({ level, levels }: FileSettings['log']): Config['log']['levels'] {
  return Object.fromEntries(logComponents.map((component) => [component, levels[component] ?? level])) as Record<
    LogComponent,
    LogLevel
  >
}
