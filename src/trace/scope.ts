/**
 * What a trace is narrowed to besides the filter: peers and SNI, which a connection has once, and a user or a call,
 * which each message tells. Compiled once, asked often. It never throws, whatever bytes it is shown.
 */
import { isIP } from 'node:net'
import type { ConnectionFacts } from '../base/facts.js'
import { contains, type Network, parseNetwork } from '../base/network.js'
import type { TraceScope } from '../base/status.js'
import { type Field, field, SipMessage } from '../sip/message.js'
import { SipUri } from '../sip/uri.js'
import { CallHashes, callHash } from './call-hashes.js'
import { compilePattern, type Pattern } from './filter/pattern.js'

/** What is wrong with a scope, a sentence; undefined: nothing. */
export function scopeProblem(scope: TraceScope): string | undefined {
  const compiled = compileScope(scope)
  return 'problem' in compiled ? compiled.problem : undefined
}

/** `scope` undefined: nothing in it narrows anything. */
export function compileScope(asked: TraceScope): { readonly scope: Scope | undefined } | { readonly problem: string } {
  const { peer = [], sni, user, call_id } = asked
  if (peer.length === 0 && sni === undefined && user === undefined && call_id === undefined) return { scope: undefined }
  if (peer.length > maxPeers) return { problem: `peer: more than ${maxPeers} networks` }
  const networks: Network[] = []
  for (const text of peer) {
    const network = parseNetwork(text)
    if (network === undefined) return { problem: `peer: ${JSON.stringify(text)} is neither an address nor a network` }
    networks.push(network)
  }
  const pattern = sni === undefined ? undefined : globPattern(sni)
  if (typeof pattern === 'string') return { problem: `sni: ${pattern}` }
  const wanted = user === undefined ? undefined : wantedUser(user)
  if (typeof wanted === 'string') return { problem: `user: ${wanted}` }
  if (call_id !== undefined && !/^[^\s\p{Cc}]{1,512}$/u.test(call_id)) {
    return { problem: 'call_id: a Call-ID has 1 to 512 characters and no white space' }
  }
  const callId = call_id === undefined ? undefined : Buffer.from(call_id)
  return { scope: new Scope(asked, { networks, sni: pattern, user: wanted, callId }) }
}

const maxPeers = 100
const maxNameChars = 255

interface Parts {
  /** empty: any peer */
  readonly networks: readonly Network[]
  readonly sni: Pattern | undefined
  readonly user: WantedUser | undefined
  readonly callId: Buffer | undefined
}

interface WantedUser {
  readonly name: Buffer
  /** lower case, IPv6 without brackets; undefined: any */
  readonly host: string | undefined
}

export class Scope {
  readonly asked: TraceScope
  /** Each message is to be asked for; without it the connection decides for all of its messages. */
  readonly perMessage: boolean
  readonly #parts: Parts
  readonly #message = new SipMessage()
  readonly #uri = new SipUri()
  /** calls in which the user was seen: what follows in them may name others only */
  readonly #calls = new CallHashes()

  constructor(asked: TraceScope, parts: Parts) {
    this.asked = asked
    this.perMessage = parts.user !== undefined || parts.callId !== undefined
    this.#parts = parts
  }

  connection(facts: ConnectionFacts): boolean {
    return this.#isPeer(facts) && this.#isSni(facts)
  }

  /** It will have its SNI only with the handshake. */
  isTooEarly({ direction, transport, sni, connectMs }: ConnectionFacts): boolean {
    const connecting = direction === 'out' && transport === 'tls' && sni === undefined && connectMs === undefined
    return connecting && this.#parts.sni !== undefined
  }

  /** One framed message, buf[start, end); without Call-ID callIdStart = callIdEnd. */
  message(buf: Buffer, start: number, end: number, callIdStart: number, callIdEnd: number): boolean {
    const { callId, user } = this.#parts
    if (callId !== undefined && !isText(callId, buf, callIdStart, callIdEnd)) return false
    if (user === undefined) return true
    // A response has no Request-URI, and a call that was diverted keeps the To of another: the whole call is followed.
    const hash = callHash(buf, callIdStart, callIdEnd)
    if (this.#calls.has(hash)) return true
    if (!this.#names(user, buf, start, end)) return false
    if (callIdEnd > callIdStart) this.#calls.take(hash)
    return true
  }

  /** Why a connection is outside, a sentence; undefined: it is not. */
  whyNot(facts: ConnectionFacts): string | undefined {
    const { peer = [], sni } = this.asked
    if (!this.#isPeer(facts))
      return peer.length === 1 ? `peer is not in ${peer[0]}` : `peer is in none of ${peer.join(', ')}`
    return this.#isSni(facts) ? undefined : `SNI is not ${sni}`
  }

  /** What of a connection inside is traced, where that is not all of it. */
  get messages(): string | undefined {
    const { user, call_id } = this.asked
    if (user === undefined) return call_id === undefined ? undefined : `only call ${call_id}`
    return call_id === undefined ? `only messages of ${user}` : `only messages of ${user} in call ${call_id}`
  }

  #isPeer({ peer }: ConnectionFacts): boolean {
    const { networks } = this.#parts
    return networks.length === 0 || networks.some((network) => contains(network, peer.ip))
  }

  #isSni({ sni }: ConnectionFacts): boolean {
    return this.#parts.sni === undefined || (sni !== undefined && this.#parts.sni.matches(sni))
  }

  #names(user: WantedUser, buf: Buffer, start: number, end: number): boolean {
    const message = this.#message
    // Where the body begins the index finds by itself: at the empty line.
    message.read(buf, start, end, end)
    if (this.#isIn(field.from, user) || this.#isIn(field.to, user)) return true
    return message.isRequest && this.#uri.read(buf, message.uriStart, message.uriEnd) && this.#isUri(user)
  }

  #isIn(header: Field, user: WantedUser): boolean {
    const message = this.#message
    const line = message.first(header)
    if (line < 0) return false
    return this.#uri.readAddress(message.buf, message.valueStart(line), message.valueEnd(line)) && this.#isUri(user)
  }

  /** RFC 3261 §19.1.4: the user is compared with regard to case, the host without. */
  #isUri({ name, host }: WantedUser): boolean {
    const uri = this.#uri
    return isText(name, uri.buf, uri.userStart, uri.userEnd) && (host === undefined || uri.host() === host)
  }
}

/** Linear in the text, as every pattern; a sentence if it is none. */
function globPattern(glob: string): Pattern | string {
  if (glob.length > maxNameChars || !/^[^\s\p{Cc}]+$/u.test(glob)) {
    return `1 to ${maxNameChars} characters without white space, * for any text`
  }
  const literal = glob.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')
  return compilePattern(`^${literal.replace(/\*+/g, '.*')}$`)
}

/** `alice`, `alice@example.com`, also with the scheme before it. A sentence if it is none. */
function wantedUser(text: string): WantedUser | string {
  const [, name, host] = /^(?:sips?:)?([^\s\p{Cc}@<>"]+)(?:@(\[[0-9A-Fa-f:.]+\]|[\w.-]+))?$/u.exec(text) ?? []
  if (name === undefined || text.length > maxNameChars) return 'a name such as alice, or alice@example.com'
  const bare = host?.replace(/^\[|\]$/g, '').toLowerCase()
  if (host?.startsWith('[') && isIP(bare!) !== 6) return `${host} is no IPv6 address`
  return { name: Buffer.from(name), host: bare }
}

function isText(wanted: Buffer, buf: Buffer, start: number, end: number): boolean {
  return end - start === wanted.length && buf.compare(wanted, 0, wanted.length, start, end) === 0
}
