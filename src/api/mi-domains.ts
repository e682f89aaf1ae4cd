/**
 * `tls_list` and `tls_reload` as in OpenSIPS (modules/tls_mgm/tls_mgm.c: list_domain, tls_reload): the domains of
 * connections we make first, its names of members, its words for versions. Certificates and keys by their files,
 * never by what is in them.
 */
import type { DomainSettings, DomainView } from '../base/live.js'
import type { Command } from './mi-command.js'

export const tlsList: Command = {
  recipes: [[]],
  async run(_values, { view }) {
    const domains = await view.domains()
    const ordered = ['client', 'server'].flatMap((role) => domains.filter((domain) => domain.role === role))
    return { result: { Domains: ordered.map(domainItem) } }
  },
}

export const tlsReload: Command = {
  recipes: [[]],
  async run(_values, { control }, by) {
    const { ok, problems } = await control.reloadDomains(by)
    if (ok) return { result: 'OK' }
    return { error: { code: 500, message: 'Failed to reload', data: problems.join('; ') } }
  },
}

function domainItem({ name, role, settings }: DomainView) {
  const item = { name, type: role === 'server' ? 'TLS_DOMAIN_SRV' : 'TLS_DOMAIN_CLI' }
  return settings === undefined ? item : { ...item, ...settingItems(settings) }
}

function settingItems(settings: DomainSettings) {
  const { min_version, max_version, crl } = settings
  const [lowest, highest] = [methodNames[min_version], methodNames[max_version]]
  return {
    'IP ADDRESS FILTERS': settings.match_ip_address,
    'SIP DOMAIN FILTERS': settings.match_sip_domain,
    METHOD: lowest === highest ? lowest : `${lowest}-${highest}`,
    VERIFY_CERT: settings.verify_cert,
    REQ_CLI_CERT: settings.require_cert,
    // OpenSSL is told to check all of a chain wherever there are lists
    CRL_CHECKALL: crl !== undefined,
    CERT_FILE: settings.certificate.join(', '),
    CRL_DIR: crl ?? '',
    CA_FILE: settings.ca_list ?? '',
    CA_DIR: settings.ca_dir ?? '',
    PKEY_FILE: settings.private_key.join(', '),
    CIPHER_LIST: settings.ciphers_list ?? '',
    DH_PARAMS_FILE: settings.dh_params ?? '',
    EC_CURVE: settings.ec_curve ?? '',
  }
}

const methodNames: Readonly<Record<DomainSettings['min_version'], string>> = {
  TLSv1: 'TLSv1',
  'TLSv1.1': 'TLSv1_1',
  'TLSv1.2': 'TLSv1_2',
  'TLSv1.3': 'TLSv1_3',
}
