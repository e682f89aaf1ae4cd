/**
 * TLS domains (tls_mgm): from configuration and material to what a handshake takes, and the choice of
 * one by socket and SNI (accepting) or destination (initiating). Built whole and never changed: a
 * reload builds another one and swaps it. Listens nowhere.
 */
import { constants } from 'node:crypto'
import {
  createSecureContext,
  createServer,
  DEFAULT_CIPHERS,
  type SecureContext,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls'
import type { Endpoint } from '../base/address.js'
import { dayMs } from '../base/duration.js'
import type { CertificateFacts, ConnectionFacts } from '../base/facts.js'
import type { DomainStatus } from '../base/status.js'
import type { ClientDomainConfig, Config, ServerDomainConfig } from '../config/types.js'
import { bareDomain } from './bare-domain.js'
import { firstForAddress, mostSpecific, type Rule, ruleOf } from './domain-match.js'
import { loadMaterial, type MaterialProblem, type TlsMaterial } from './material.js'

abstract class Domain<C extends ServerDomainConfig | ClientDomainConfig> {
  readonly config: C
  /** of its leaf certificates */
  readonly certificates: readonly CertificateFacts[]
  /** the same with what certifies them, as they are sent: each leaf first */
  readonly chains: readonly (readonly CertificateFacts[])[]

  constructor(config: C, material: TlsMaterial) {
    this.config = config
    this.chains = material.identities.map((identity) => identity.certificates)
    this.certificates = this.chains.map((chain) => chain[0])
  }

  get name(): string {
    return this.config.name
  }

  /** Which of its certificates a connection used. */
  certificateFor(socket: TLSSocket): CertificateFacts | undefined {
    if (this.certificates.length < 2) return this.certificates[0]
    const used = socket.getX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase()
    return this.certificates.find((certificate) => certificate.sha256 === used)
  }
}

export class ServerDomain extends Domain<ServerDomainConfig> {
  /** not listening: it is handed sockets by its `connection` event */
  readonly server: Server

  constructor(config: ServerDomainConfig, material: TlsMaterial) {
    // as in tls_mgm: require_cert counts only together with verify_cert
    super({ ...config, require_cert: config.verify_cert && config.require_cert }, material)
    if (material.identities.length === 0) throw new Error('a server_domain needs a certificate')
    this.server = createServer({
      ...contextOptions(config, material),
      requestCert: this.config.verify_cert,
      // Only so that OpenSSL itself sends the alert certificate_required; every other verdict is the acceptor's.
      rejectUnauthorized: this.config.require_cert,
      // The acceptor has a deadline of its own. 0 would mean 120 s here.
      handshakeTimeout: 0x7fffffff,
    })
  }
}

export class ClientDomain extends Domain<ClientDomainConfig> {
  readonly secureContext: SecureContext

  constructor(config: ClientDomainConfig, material: TlsMaterial) {
    super(config, material)
    this.secureContext = createSecureContext(contextOptions(config, material))
  }
}

export interface DomainProblem extends MaterialProblem {
  readonly domain: string
  /** one name may be that of a server_domain and of a client_domain */
  readonly role: DomainStatus['role']
}

/** Reads all files and builds all domains. With any error there are no contexts, and the old ones stay in use. */
export function buildContexts(
  config: Config['tls_mgm'],
  load: typeof loadMaterial = loadMaterial,
): { contexts: TlsContexts | undefined; problems: DomainProblem[] } {
  const problems: DomainProblem[] = []
  const servers = config.server_domain.flatMap((domain) => build(domain, 'server', ServerDomain, load, problems))
  problems.push(...config.server_domain.flatMap(trustsEveryone))
  const clients = config.client_domain.flatMap((domain) => build(domain, 'client', ClientDomain, load, problems))
  const whole = problems.every((problem) => problem.severity !== 'error')
  return { contexts: whole ? new TlsContexts(servers, clients, config.unmatched_sni) : undefined, problems }
}

/** The domain, or none and its problems. */
function build<C extends ServerDomainConfig | ClientDomainConfig, D>(
  config: C,
  role: DomainStatus['role'],
  Kind: new (config: C, material: TlsMaterial) => D,
  load: typeof loadMaterial,
  problems: DomainProblem[],
): D[] {
  const { material, problems: found } = load(config)
  problems.push(...found.map((problem) => ({ ...problem, domain: config.name, role })))
  if (found.some((problem) => problem.severity === 'error')) return []
  try {
    return [new Kind(config, material)]
  } catch (error) {
    // ciphers, groups, certificates too weak for the security level: only OpenSSL knows what it takes
    const { reason, message } = error as Error & { reason?: string }
    const file = config.certificate[0] ?? ''
    problems.push({
      severity: 'error',
      file,
      message: reason === undefined ? message : `OpenSSL refuses it: ${reason}`,
      domain: config.name,
      role,
    })
    return []
  }
}

/** The CAs that come with Node.js certify anybody: right for the servers of the world, hardly meant for our clients. */
function trustsEveryone({ name, verify_cert, ca_list, ca_dir, certificate }: ServerDomainConfig): DomainProblem[] {
  if (!verify_cert || ca_list !== undefined || ca_dir !== undefined) return []
  const message = 'verify_cert without ca_list or ca_dir: client certificates of every public CA are accepted'
  return [{ severity: 'warning', file: certificate[0] ?? '', message, domain: name, role: 'server' }]
}

export class TlsContexts {
  readonly #servers: readonly Rule<ServerDomain>[]
  readonly #clients: readonly Rule<ClientDomain>[]
  readonly #builtInClient = builtInClientDomain()
  readonly #unmatchedSni: 'refuse' | 'default'

  constructor(
    servers: readonly ServerDomain[],
    clients: readonly ClientDomain[],
    unmatchedSni: Config['tls_mgm']['unmatched_sni'],
  ) {
    this.#servers = servers.map((domain) => ruleOf(domain, domain.config))
    this.#clients = clients.map((domain) => ruleOf(domain, domain.config))
    this.#unmatchedSni = unmatchedSni
  }

  /** The domain for a client that came to `local` and asks for `sni`; undefined: refuse it. */
  serverFor(local: Endpoint, sni: string | undefined): ServerDomain | undefined {
    const domain = mostSpecific(this.#servers, local, sni)
    if (domain !== undefined || (sni !== undefined && this.#unmatchedSni === 'refuse')) return domain
    // None for clients without a name, or none for this name: what a client without a name gets, else the first.
    return mostSpecific(this.#servers, local, undefined) ?? firstForAddress(this.#servers, local)
  }

  /** Where no client_domain matches: certificates are verified, with the CAs that come with Node.js. */
  clientFor(destination: Endpoint & { readonly host?: string | undefined }): ClientDomain {
    return mostSpecific(this.#clients, destination, destination.host) ?? this.#builtInClient
  }

  list(now: Date = new Date()): DomainStatus[] {
    return this.domains().map((domain) => statusOf(domain, now))
  }

  /** As declared: server domains, then client domains. */
  domains(): DomainCertificates[] {
    return [
      ...this.#servers.map(({ domain }) => certificatesOf(domain, 'server')),
      ...this.#clients.map(({ domain }) => certificatesOf(domain, 'client')),
    ]
  }

  /** The certificates a connection of ours sent, leaf first; empty: none, or they were replaced since. */
  ownChain({ direction, domain: name, ownCertificate }: ConnectionFacts): readonly CertificateFacts[] {
    const rules = direction === 'in' ? this.#servers : this.#clients
    const chains = rules.find(({ domain }) => domain.name === name)?.domain.chains ?? []
    return chains.find(([leaf]) => leaf.sha256 === ownCertificate?.sha256) ?? []
  }
}

export interface DomainCertificates {
  readonly name: string
  readonly role: DomainStatus['role']
  /** leaves */
  readonly certificates: readonly CertificateFacts[]
}

function contextOptions(config: ServerDomainConfig | ClientDomainConfig, material: TlsMaterial): SecureContextOptions {
  const { identities, password, ca, crl, dhParams } = material
  return {
    cert: identities.map((identity) => identity.chain),
    key: identities.map(({ key }) => (password === undefined ? { pem: key } : { pem: key, passphrase: password })),
    ...(ca && { ca: [...ca] }),
    ...(crl && { crl: [...crl] }),
    ...(dhParams && { dhparam: dhParams }),
    ...(config.ec_curve && { ecdhCurve: config.ec_curve }),
    ciphers: ciphers(config),
    minVersion: config.min_version,
    maxVersion: config.max_version,
    // RFC 9325 §3.5: nobody in SIP renegotiates, and a peer that does makes us work for nothing.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
  }
}

const defaultCiphers = DEFAULT_CIPHERS.split(':')
const defaultSuites = defaultCiphers.filter(isSuite).join(':')
const defaultList = defaultCiphers.filter((cipher) => !isSuite(cipher)).join(':')

/** TLS 1.3 suites and older ciphers in the one text that Node takes. Half of it alone would switch off the other's versions. */
function ciphers(config: ServerDomainConfig | ClientDomainConfig): string {
  // OpenSSL allows TLS 1.0 and 1.1, which need SHA-1 and MD5, at security level 0 only.
  const old = config.min_version === 'TLSv1' || config.min_version === 'TLSv1.1'
  const list = config.ciphers_list ?? (old ? `${defaultList}:@SECLEVEL=0` : defaultList)
  return `${config.ciphersuites ?? defaultSuites}:${list}`
}

function isSuite(cipher: string): boolean {
  return cipher.startsWith('TLS_')
}

/** The defaults of the configuration. Not in `list()`: nobody declared it. */
function builtInClientDomain(): ClientDomain {
  return new ClientDomain(
    {
      ...bareDomain,
      name: 'built-in',
      verify_cert: true,
      require_cert: true,
      server_name: undefined,
      verify_name: 'report',
    },
    { identities: [], password: undefined, ca: undefined, crl: undefined, dhParams: undefined },
  )
}

function certificatesOf(
  { name, certificates }: ServerDomain | ClientDomain,
  role: DomainStatus['role'],
): DomainCertificates {
  return { name, role, certificates }
}

function statusOf({ name, role, certificates }: DomainCertificates, now: Date): DomainStatus {
  return {
    name,
    role,
    certificates: certificates.map(({ subject, notAfter, sha256 }) => ({
      subject,
      notAfter,
      sha256,
      daysLeft: Math.floor((Date.parse(notAfter) - now.getTime()) / dayMs),
    })),
  }
}
