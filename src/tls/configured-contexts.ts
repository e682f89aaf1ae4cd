/** The TLS domains of the configuration, ready for use; without a server domain the gateway gets one it makes itself. */
import { hostname } from 'node:os'
import { UsageError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Config } from '../config/types.js'
import { buildContexts, type TlsContexts } from './contexts.js'
import { ensureSelfSigned, selfSignedDomain } from './self-signed.js'

/** Reads all files anew. Warnings go to the log; throws UsageError with everything that is wrong. */
export async function configuredContexts(config: Config, log: Log): Promise<TlsContexts> {
  const { contexts, problems } = buildContexts(await withSelfSigned(config))
  for (const { severity, domain, file, message } of problems) {
    if (severity === 'warning') log.warn({ domain, file }, message)
  }
  if (contexts !== undefined) return contexts
  const errors = problems.filter(({ severity }) => severity === 'error')
  throw new UsageError(errors.map(({ domain, file, message }) => `${domain}: ${file}: ${message}`).join('\n'))
}

async function withSelfSigned(config: Config): Promise<Config['tls_mgm']> {
  const needsOne =
    config.tls_mgm.server_domain.length === 0 && config.socket.some(({ transport }) => transport === 'tls')
  if (!needsOne) return config.tls_mgm
  const names = config.socket.flatMap(({ advertise }) => (advertise === undefined ? [] : [advertise.host]))
  const made = await ensureSelfSigned(
    config.state_dir,
    [...names, hostname(), 'localhost', '127.0.0.1', '::1'],
    new Date(),
  ).catch((error: Error) => {
    throw new UsageError(`state_dir: the certificate made for this gateway cannot be kept there: ${error.message}`)
  })
  return { ...config.tls_mgm, server_domain: [selfSignedDomain(made)] }
}
