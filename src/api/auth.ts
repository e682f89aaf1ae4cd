/**
 * Who may use the API, and for what. A caller is known by a bearer token (RFC 6750) and may do what the scopes of
 * the token say. Where no token is configured, local programs may read and control, and no web page that a local
 * browser happens to show may do anything. Tokens are compared by their digests, never kept and never logged.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isLoopback, plainIp } from '../base/address.js'
import { UsageError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { ApiScope, Config } from '../config/types.js'
import { type Caller, challenge, demandScope } from './caller.js'
import { HttpProblem } from './errors.js'
import type { Streams } from './streams.js'

/** The tokens that are taken, ready to be compared. */
export interface Tokens {
  readonly known: readonly KnownToken[]
}

interface KnownToken {
  readonly name: string
  readonly scopes: ReadonlySet<ApiScope>
  readonly digest: Buffer
}

/** The name of the one token whose text is in the configuration. */
const plainTokenName = 'api.token'

/** Throws UsageError where listening like this would be open to all. */
export function readTokens(listenIp: string, { token, tokens }: Pick<Config['api'], 'token' | 'tokens'>): Tokens {
  const known: KnownToken[] = tokens.map(({ name, scopes, sha256 }) => ({
    name,
    scopes: new Set(scopes),
    digest: Buffer.from(sha256, 'hex'),
  }))
  if (token !== undefined) {
    known.unshift({ name: plainTokenName, scopes: new Set(['read', 'control']), digest: digestOf(token) })
  }
  if (known.length === 0 && !isLoopback(listenIp)) {
    throw new UsageError(`api.listen: ${listenIp} is not a loopback address, so api.token or api.tokens must be set`)
  }
  return { known }
}

/** Wrong tokens of one address in a minute; a person who pastes the wrong one needs fewer. */
const maxWrongTokens = 10
const wrongTokensWindowMs = 60_000

export interface AuthOptions {
  readonly scheme: 'http' | 'https'
  /** the answers that go on: they end with the right to them */
  readonly streams: Streams
  readonly log: Log
}

/** Knows the callers of one server, by tokens that may be replaced while it runs. */
export class Auth {
  /** requests with a token that is none of ours, since start */
  refused = 0
  #tokens: Tokens
  readonly #options: AuthOptions
  #nextLogMs = 0

  constructor(tokens: Tokens, options: AuthOptions) {
    this.#tokens = tokens
    this.#options = options
  }

  /** Takes these tokens from now on, and no other: what goes on for one that is gone, or may do less, is ended. */
  use(tokens: Tokens): void {
    this.#tokens = tokens
    const { streams, log } = this.#options
    const ended = streams.endUnless((caller) => this.#isStill(caller))
    if (ended > 0) log.info({ ended }, 'event streams and captures ended: their tokens are gone or may do less')
  }

  /** Every request is judged before it is read any further. Needs the rate limit to be installed. */
  install(app: FastifyInstance): void {
    const wrongTokens = app.createRateLimit({
      max: maxWrongTokens,
      timeWindow: wrongTokensWindowMs,
      allowList: [], // nobody, whomever the limit of all requests lets pass
    })
    app.decorateRequest('caller')
    app.addHook('onRequest', async (request, reply) => {
      const { scope, stream } = request.routeOptions.config ?? {}
      request.caller = scope === 'open' ? anybody : await this.#admit(request, reply, wrongTokens)
      // none: nothing is there, which only callers are told
      if (scope !== undefined && scope !== 'open') demandScope(request, reply, scope)
      if (stream !== undefined) this.#options.streams.enter(stream, request, reply)
    })
  }

  async #admit(request: FastifyRequest, reply: FastifyReply, wrongTokens: Limit): Promise<Caller> {
    if (this.#tokens.known.length === 0) return localCaller(request, this.#options.scheme)
    const given = bearerToken(request.headers.authorization)
    if (given === undefined) {
      // RFC 6750 §3: no error code where no token was sent
      reply.header('www-authenticate', challenge())
      throw new HttpProblem(401, 'send an API token: Authorization: Bearer …')
    }
    const token = matching(this.#tokens.known, given)
    // At once, whoever guesses from the same address: a proxy, or a network behind one address, has everybody's.
    if (token !== undefined) return tokenCaller(token, request)
    this.#countRefused(request)
    refuseGuessers(await wrongTokens(request), reply)
    reply.header('www-authenticate', challenge('error="invalid_token"'))
    throw new HttpProblem(401, 'this is not an API token of this gateway')
  }

  /** Its token is there, or still none is needed, and it may do all that it could. */
  #isStill({ digest, scopes }: Caller): boolean {
    const { known } = this.#tokens
    if (digest === undefined) return known.length === 0
    const token = known.find((one) => one.digest.toString('hex') === digest)
    return token !== undefined && [...scopes].every((scope) => token.scopes.has(scope))
  }

  /** Once a minute, so that a guesser does not write the log. */
  #countRefused({ ip }: FastifyRequest): void {
    this.refused++
    const now = performance.now()
    if (now < this.#nextLogMs) return
    this.#nextLogMs = now + wrongTokensWindowMs
    this.#options.log.warn({ address: plainIp(ip), since_start: this.refused }, 'a wrong API token was refused')
  }
}

type Limit = ReturnType<FastifyInstance['createRateLimit']>

function refuseGuessers(state: Awaited<ReturnType<Limit>>, reply: FastifyReply): void {
  if (state.isAllowed || !state.isExceeded) return
  reply.header('retry-after', state.ttlInSeconds)
  throw new HttpProblem(429, `too many wrong API tokens from this address: wait ${state.ttlInSeconds} s`)
}

/** All are compared, whichever it is: the time tells nothing. Digests have one length, so no token's length shows either. */
function matching(known: readonly KnownToken[], given: string): KnownToken | undefined {
  const digest = digestOf(given)
  let found: KnownToken | undefined
  for (const token of known) if (timingSafeEqual(token.digest, digest)) found = token
  return found
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function tokenCaller({ name, scopes, digest }: KnownToken, { ip }: FastifyRequest): Caller {
  return { token: name, digest: digest.toString('hex'), scopes, text: `token ${name} ${plainIp(ip)}` }
}

const anybody: Caller = { token: undefined, digest: undefined, scopes: new Set(), text: 'anybody' }

/** Key material is for those who were given the right to it by name. */
const localScopes: ReadonlySet<ApiScope> = new Set(['read', 'control'])

/**
 * A name that an attacker's DNS points at 127.0.0.1 makes his page "same origin" with us (DNS rebinding): the Host
 * header tells. A form on any page can POST here: Origin tells. An image on any page can ask for a stream, and for
 * the work that makes, though the page cannot read it: Sec-Fetch-Site tells, which no page can forge (W3C Fetch
 * Metadata §2.3). Programs do not send it.
 */
function localCaller({ headers, ip }: FastifyRequest, scheme: string): Caller {
  const { host = '', origin, 'sec-fetch-site': site = 'none' } = headers
  if (!isLocalName(hostName(host))) {
    throw new HttpProblem(403, 'without an API token only localhost, 127.0.0.1 and [::1] are answered')
  }
  const isOtherSite = site !== 'none' && site !== 'same-origin'
  if (isOtherSite || (origin !== undefined && origin !== `${scheme}://${host}`)) {
    throw new HttpProblem(403, 'requests of other web pages are refused')
  }
  return { token: undefined, digest: undefined, scopes: localScopes, text: `local ${plainIp(ip)}` }
}

/** `[::1]:8080` → `::1`, `localhost:8080` → `localhost`. */
function hostName(host: string): string {
  const name = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host)
  return (name?.[1] ?? name?.[2] ?? '').toLowerCase()
}

/** RFC 6761 §6.3: names under localhost stay on this machine. */
function isLocalName(name: string): boolean {
  return isLoopback(name) || name === 'localhost' || name.endsWith('.localhost')
}

/** RFC 9110 §11.1: the scheme is case-insensitive. */
function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1]
}
