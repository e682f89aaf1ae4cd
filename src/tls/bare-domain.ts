/** A TLS domain with nothing said about it: what those that nobody declared are made from. It verifies nobody. */
import type { ClientDomainConfig, ServerDomainConfig } from '../config/types.js'

export const bareDomain: Omit<ServerDomainConfig & ClientDomainConfig, 'name' | 'server_name' | 'verify_name'> = {
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
  verify_name_wildcard: false,
  alias: false,
}
