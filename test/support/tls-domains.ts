/** Configurations of TLS domains with everything at its default but what a test is about. */
import type { ClientDomainConfig, ServerDomainConfig } from '../../src/config/types.js'
import { bareDomain } from '../../src/tls/bare-domain.js'

export function serverDomain(overrides: Partial<ServerDomainConfig> = {}): ServerDomainConfig {
  return { name: 'server', ...bareDomain, ...overrides }
}

export function clientDomain(overrides: Partial<ClientDomainConfig> = {}): ClientDomainConfig {
  return {
    name: 'client',
    ...bareDomain,
    verify_cert: true,
    server_name: undefined,
    verify_name: 'report',
    ...overrides,
  }
}
