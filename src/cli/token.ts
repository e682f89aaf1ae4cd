/**
 * `hepgate token`: makes a token for the HTTP API, and what the configuration needs to know of it. Talks to no gateway
 * and writes no file: the token is printed once, its digest is what stays.
 */
import { randomBytes } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { UsageError } from '../base/errors.js'
import { digestOf, parseTokenName } from '../config/token.js'
import type { ApiScope } from '../config/types.js'
import { exitCodes, type Terminal } from './command.js'
import { parseOptions } from './options.js'

export const help = `usage: hepgate token --name NAME [--scope SCOPES]
       hepgate token --hash

  -n, --name NAME      whose token it is, for the log and the audit list
  -s, --scope SCOPES   what it is good for, separated by commas; default read,control
                         metrics   get /metrics and nothing else: for Prometheus
                         read      see everything but keys
                         control   change something: the trace, connections, a reload
                         secrets   get key material
      --hash           print the SHA-256 of a token that is given on standard input

makes a token, prints it once, and the lines for the configuration, which hold only its SHA-256
`

/** Nobody guesses 256 bits. */
const tokenBytes = 32
/** The digest is in a file: what is shorter could be found by trying. */
const shortestToken = 16
const scopeWords: readonly string[] = ['metrics', 'read', 'control', 'secrets'] satisfies ApiScope[]

export async function run(args: readonly string[], { stdout }: Terminal): Promise<number> {
  const { values } = parseOptions(args, {
    name: { type: 'string', short: 'n' },
    scope: { type: 'string', short: 's' },
    hash: { type: 'boolean', default: false },
  })
  if (values.hash) {
    if (values.name !== undefined || values.scope !== undefined) throw new UsageError('--hash goes alone')
    stdout.write(`${digestOf(givenToken(await text(process.stdin)))}\n`)
    return exitCodes.fine
  }
  if (values.name === undefined) throw new UsageError('--name is missing; see --help')
  const name = parseTokenName(values.name)
  const scopes = parseScopes(values.scope ?? 'read,control')
  stdout.write(newToken(name, scopes, randomBytes(tokenBytes).toString('base64url')))
  return exitCodes.fine
}

function newToken(name: string, scopes: readonly string[], token: string): string {
  return `${token}

This is the token: keep it now, it is not shown again. Commands read it from HEPGATE_TOKEN, the
dashboard asks for it. For the configuration, followed by a reload:

api:
  tokens:
    - { name: ${JSON.stringify(name)}, scopes: [${scopes.join(', ')}], sha256: ${digestOf(token)} }
`
}

function parseScopes(written: string): string[] {
  const scopes = [...new Set(written.split(',').map((word) => word.trim()))]
  const unknown = scopes.find((scope) => !scopeWords.includes(scope))
  if (unknown !== undefined) throw new UsageError(`--scope should be of ${scopeWords.join(', ')}, not ${unknown}`)
  return scopes
}

/** RFC 6750 §2.1: what fits into a header. The text itself is in no message. */
function givenToken(input: string): string {
  const token = input.replace(/\r?\n$/, '')
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(token)) {
    throw new UsageError('expected one token on standard input: letters, digits and - . _ ~ + /')
  }
  if (token.length < shortestToken) throw new UsageError(`a token of at least ${shortestToken} characters is needed`)
  return token
}
