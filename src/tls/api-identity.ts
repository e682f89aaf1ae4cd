/** The certificate of the HTTP API with its key, read and checked like those of TLS domains. Swaps nothing. */
import { UsageError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Config } from '../config/types.js'
import { type Identity, loadMaterial, type MaterialProblem } from './material.js'

type Files = Pick<Config['api'], 'certificate' | 'private_key'>

/** Throws UsageError for what cannot be used; logs what will be a problem. undefined: there is none. */
export function configuredApiIdentity(api: Files, log: Log): Identity | undefined {
  const { identity, problems } = loadApiIdentity(api)
  for (const { severity, file, message } of problems) {
    if (severity === 'warning') log.warn({ file }, `api.certificate: ${message}`)
  }
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new UsageError(errors.map(({ file, message }) => `api: ${file}: ${message}`).join('\n'))
  return identity
}

/** Never throws. */
export function loadApiIdentity({ certificate, private_key }: Files): {
  identity: Identity | undefined
  problems: readonly MaterialProblem[]
} {
  if (certificate === undefined || private_key === undefined) return { identity: undefined, problems: [] }
  const { material, problems } = loadMaterial({
    certificate: [certificate],
    private_key: [private_key],
    private_key_password: undefined,
    ca_list: undefined,
    ca_dir: undefined,
    crl: undefined,
    dh_params: undefined,
  })
  return { identity: material.identities[0], problems }
}
