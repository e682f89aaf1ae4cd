/** Configurations of TLS domains with everything at its default but what a test is about. */
import type { ClientDomainConfig, ServerDomainConfig } from '../../src/config/types.js'

const common = {
  certificate: [],
  private_key: [],
  private_key_password: undefined,
  ca_list: undefined,
  ca_dir: undefined,
  crl: undefined,
  verify_cert: false,
  require_cert: false,
  min_version: 'TLSv1.2',
  max_version: 'TLSv1.3',
  ciphers_list: undefined,
  ciphersuites: undefined,
  dh_params: undefined,
  ec_curve: undefined,
  match_ip_address: ['*'],
  match_sip_domain: ['*'],
} as const

export function serverDomain(overrides: Partial<ServerDomainConfig> = {}): ServerDomainConfig {
  return { name: 'server', ...common, ...overrides }
}

export function clientDomain(overrides: Partial<ClientDomainConfig> = {}): ClientDomainConfig {
  return { name: 'client', ...common, verify_cert: true, server_name: undefined, verify_name: 'report', ...overrides }
}
