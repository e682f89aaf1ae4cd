/**
 * The parameters of `tls_mgm` → our TLS domains. Reads three spellings: `[name]value` of OpenSIPS 3, the same with
 * `name=ip:port` and values for every domain of 2.4, and `name:value` of 2.2.
 */
import { type Draft, isDefault, type Section } from './draft.js'
import type { Notes } from './notes.js'
import type { Modparam } from './statements.js'

/** `params`: those of tls_mgm, in their order. */
export function addDomains(params: readonly Modparam[], draft: Draft, notes: Notes): void {
  const domains = new Map<string, Domain>()
  // a server and a client domain of one name: parameters are those of the server's, as in OpenSIPS
  for (const role of ['server', 'client'] as const) {
    for (const param of params) {
      if (param.name === `${role}_domain`) noteProblem(param.at, define(param, role, domains), notes)
    }
  }
  for (const param of params) {
    if (!isDefinition(param)) noteProblem(param.at, apply(param, domains, notes), notes)
  }
  for (const domain of domains.values()) {
    complete(domain, notes)
    draft[`${domain.role}_domain`].push(ordered(domain))
  }
}

interface Domain {
  readonly at: number
  readonly role: 'server' | 'client'
  readonly name: string
  readonly settings: Section
}

function isDefinition({ name }: Modparam): boolean {
  return name === 'server_domain' || name === 'client_domain'
}

function noteProblem(at: number, problem: string | undefined, notes: Notes): void {
  if (problem !== undefined) notes.add(at, `tls_mgm: ${problem}`)
}

function define({ at, value }: Modparam, role: Domain['role'], domains: Map<string, Domain>): string | undefined {
  const [, name = '', address] = /^\s*([^=\s]+)\s*(?:=\s*(.*\S))?\s*$/.exec(value) ?? []
  if (name === '') return `${role}_domain without a name is left out`
  if (domains.has(name)) return `the domain ${name} is there twice; every parameter went to the first`
  const settings: Section = { name, ...(address !== undefined && { match_ip_address: [address] }) }
  domains.set(name, { at, role, name, settings })
  return undefined
}

/** How a parameter becomes a setting; a text: why it does not. */
const parameters: Readonly<Record<string, ((value: string) => Section) | string>> = {
  match_ip_address: (value) => ({ match_ip_address: items(value) }),
  match_sip_domain: (value) => ({ match_sip_domain: items(value) }),
  certificate: (value) => ({ certificate: value }),
  private_key: (value) => ({ private_key: value }),
  ca_list: (value) => ({ ca_list: value }),
  ca_dir: (value) => ({ ca_dir: value }),
  crl_dir: (value) => ({ crl: value }),
  verify_cert: (value) => ({ verify_cert: Number(value) === 0 ? 0 : 1 }),
  require_cert: (value) => ({ require_cert: Number(value) === 0 ? 0 : 1 }),
  tls_method: (value) => ({ tls_method: method(value) }),
  ciphers_list: (value) => ({ ciphers_list: value }),
  dh_params: (value) => ({ dh_params: value }),
  ec_curve: (value) => ({ ec_curve: value }),
  crl_check_all: 'lists given in crl are always checked, for the whole chain',
  tls_library: 'TLS is that of Node.js (OpenSSL)',
  client_tls_domain_avp: 'client domains are chosen by match_ip_address and match_sip_domain alone',
  client_sip_domain_avp: 'client domains are chosen by match_ip_address and match_sip_domain alone',
  client_domain_avp: 'client domains are chosen by match_ip_address and match_sip_domain alone',
  db_url: 'more domains are in a database, which is not read: write them under tls_mgm, certificates as files',
}

function apply({ at, name, value }: Modparam, domains: Map<string, Domain>, notes: Notes): string | undefined {
  const reason = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  // names of database columns come with db_url, which says it all
  if (reason === undefined && (name.endsWith('_col') || name === 'db_table')) return undefined
  if (typeof reason !== 'function') return `${name} is left out: ${reason ?? 'there is nothing like it here'}`
  const targets = addressed(value, at, domains)
  if (targets === undefined) return `${name} is left out: it names a domain that is not defined`
  for (const { settings } of targets.domains) Object.assign(settings, reason(targets.value))
  noteMeaning(at, name, targets.value, notes)
  return undefined
}

/** The domains a value is for, and the value itself; undefined: one that does not exist. */
function addressed(
  written: string,
  at: number,
  domains: Map<string, Domain>,
): { readonly domains: readonly Domain[]; readonly value: string } | undefined {
  const bracketed = /^\s*\[([^\]]*)\]\s*(.*?)\s*$/s.exec(written)
  const colon = bracketed === null ? /^\s*([^:]+):(.*?)\s*$/s.exec(written) : null
  const [, name = '', value = ''] = bracketed ?? colon ?? []
  const named = domains.get(name)
  if (named !== undefined) return { domains: [named], value }
  return bracketed === null ? { domains: defaults(domains, at), value: written.trim() } : undefined
}

/** Up to OpenSIPS 2.4 a value without a name is for the two domains that are always there. */
function defaults(domains: Map<string, Domain>, at: number): Domain[] {
  return (['server', 'client'] as const).map((role) => {
    const key = `default ${role}`
    const domain = domains.get(key) ?? { at, role, name: 'default', settings: { name: 'default' } }
    domains.set(key, domain)
    return domain
  })
}

function items(value: string): string[] {
  return value.split(',').flatMap((item) => item.trim() || [])
}

/** OpenSIPS leaves out either end of a range. */
function method(value: string): string {
  return value.startsWith('-') ? `TLSv1${value}` : value
}

function noteMeaning(at: number, name: string, value: string, notes: Notes): void {
  if (name === 'tls_method' && /^sslv23$/i.test(value)) {
    notes.add(at, 'tls_mgm: SSLv23 is TLS 1.2 and 1.3 here; for phones that know only older versions: TLSv1-TLSv1_3')
  }
  const path = ['certificate', 'private_key', 'ca_list', 'ca_dir', 'crl_dir', 'dh_params'].includes(name)
  if (path && !value.startsWith('/')) {
    notes.add(at, `tls_mgm: ${value} was relative to where OpenSIPS runs; here it is to the configuration file`)
  }
}

/** What OpenSIPS takes where nothing is written, CFG_DIR being where its packages put their configuration. */
const defaultFiles = { certificate: '/etc/opensips/tls/cert.pem', private_key: '/etc/opensips/tls/ckey.pem' } as const

function complete({ at, role, name, settings }: Domain, notes: Notes): void {
  const { certificate, private_key, ca_list, ca_dir, verify_cert } = settings
  if (role === 'server' || certificate !== undefined || private_key !== undefined) {
    for (const key of ['certificate', 'private_key'] as const) {
      if (settings[key] !== undefined) continue
      settings[key] = defaultFiles[key]
      notes.add(at, `tls_mgm: ${role} domain ${name} has no ${key}; written is the default of OpenSIPS`)
    }
  }
  if (verify_cert !== 0 && ca_list === undefined && ca_dir === undefined) {
    const instead = 'OpenSIPS read /etc/pki/CA/, here the CAs that Node.js trusts count'
    notes.add(at, `tls_mgm: ${role} domain ${name} verifies without ca_list and ca_dir: ${instead}`)
  }
}

/** as in docs/configuration.md */
const order = [
  ...['name', 'match_ip_address', 'match_sip_domain', 'certificate', 'private_key', 'ca_list', 'ca_dir', 'crl'],
  ...['verify_cert', 'require_cert', 'tls_method', 'ciphers_list', 'dh_params', 'ec_curve'],
]

/** Without what would be the same if it were not written; one of several is written as one. */
function ordered({ role, settings }: Domain): Section {
  const sorted: Section = {}
  for (const key of order) {
    const written = settings[key]
    const value = typeof written === 'object' && written.length === 1 ? written[0] : written
    if (value !== undefined && !isDefault(['tls_mgm', `${role}_domain`, key], value)) sorted[key] = value
  }
  return sorted
}
