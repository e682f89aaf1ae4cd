/**
 * Where a request goes that names a host: addresses in the order to try them (RFC 3263, RFC 2782), kept for
 * a while, because calls come in crowds. It opens no connection; who does tells it what failed.
 */
import { isIP } from 'node:net'
import { type Endpoint, endpointText, familyOf, sipPort } from '../base/address.js'
import type { Failure } from '../base/errors.js'
import { hashOfText, scramble } from '../base/hash.js'
import type { HostPort } from '../config/types.js'
import { type Dns, nodeDns } from './dns.js'
import { canonicalHost } from './host.js'
import { Inquiry, type Located, type Question } from './locate.js'

export type { Dns } from './dns.js'
export type { Question } from './locate.js'

export interface Destination {
  readonly address: Endpoint
  readonly transport: 'tls' | 'tcp'
  /** what its certificate must name: the domain asked for, not the SRV target, which DNS could forge (RFC 5922 §4) */
  readonly host: string
}

export interface ResolverOptions {
  readonly dns?: Dns
  /** name servers to ask; empty: the system's */
  readonly servers: readonly HostPort[]
  /** of a URI that names TLS and no port */
  readonly tlsPort: number
  readonly nowMs?: () => number
  readonly random?: () => number
}

/** The request waits, and its client gives up after 32 s (RFC 3261 §17.1.1.2): time to connect, twice if need be, is left. */
const deadlineMs = 5000
const longestKeepMs = 300_000
/** A TTL of 0 must not mean a query for each message. */
const shortestKeepMs = 1000
const keepFailureMs = 5000
/** Names come from the core, but a dialling loop there must not fill our memory. */
const maxKept = 1000
/** RFC 3263 §4.3 leaves the time to us. */
const avoidMs = 30_000

/** One address of an answer, with what its place in the order depends on. */
interface Candidate {
  readonly destination: Destination
  readonly priority: number
  readonly weight: number
  /** of the SRV target */
  readonly targetHash: number
  /** 0: of the preferred family */
  readonly familyRank: number
  readonly addressHash: number
}

type Answer = readonly Candidate[] | Failure

/** undefined: being asked */
interface Kept {
  answer: Answer | undefined
  untilMs: number
  asking: Promise<Answer>
}

export class Resolver {
  readonly #dns: Dns
  readonly #tlsPort: number
  readonly #nowMs: () => number
  readonly #random: () => number
  /** by question, oldest first */
  readonly #kept = new Map<string, Kept>()
  /** destinations that failed, with the time until which they are tried last; oldest first */
  readonly #avoided = new Map<string, number>()

  constructor(options: ResolverOptions) {
    this.#dns = options.dns ?? nodeDns(options.servers)
    this.#tlsPort = options.tlsPort
    this.#nowMs = options.nowMs ?? (() => performance.now())
    this.#random = options.random ?? Math.random
  }

  /** At once where nothing needs asking. Never empty. */
  resolve(question: Question): readonly Destination[] | Promise<readonly Destination[] | Failure> {
    const host = canonicalHost(question.host)
    if (isIP(host) !== 0) return [this.#numeric(host, question)]
    const key = `${host} ${question.port} ${question.transport} ${question.secure}`
    const kept = this.#kept.get(key)
    if (kept === undefined || (kept.answer !== undefined && this.#nowMs() >= kept.untilMs)) {
      return this.#given(question, this.#ask(key, { ...question, host }))
    }
    if (kept.answer === undefined || 'cause' in kept.answer) return this.#given(question, kept.asking)
    return this.#inOrder(kept.answer, question)
  }

  /** For half a minute it is tried after the others. */
  failed({ address, transport }: Destination): void {
    makeRoom(this.#avoided)
    const key = avoidKey(address, transport)
    this.#avoided.delete(key)
    this.#avoided.set(key, this.#nowMs() + avoidMs)
  }

  #numeric(host: string, { port, transport, secure }: Question): Destination {
    const chosen = secure ? 'tls' : (transport ?? 'tls')
    const usual = chosen === 'tls' ? this.#tlsPort : sipPort
    return { address: { ip: host, port: port ?? usual }, transport: chosen, host }
  }

  /** Equal questions meanwhile wait for the same answer. */
  #ask(key: string, question: Question): Promise<Answer> {
    this.#kept.delete(key)
    makeRoom(this.#kept)
    const asking = this.#located(question).then((located) => {
      const nowMs = this.#nowMs()
      kept.answer = 'cause' in located ? located : candidatesOf(located, question.host)
      kept.untilMs = nowMs + ('cause' in located ? keepFailureMs : keepMs(located.ttl))
      return kept.answer
    })
    const kept: Kept = { answer: undefined, untilMs: 0, asking }
    this.#kept.set(key, kept)
    return asking
  }

  async #located(question: Question): Promise<Located | Failure> {
    const inquiry = new Inquiry(question, this.#dns, this.#tlsPort)
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Failure>((done) => {
      timer = setTimeout(() => done(inquiry.failure()), deadlineMs)
    })
    try {
      return await Promise.race([inquiry.locate(), late])
    } finally {
      clearTimeout(timer)
    }
  }

  async #given(question: Question, asking: Promise<Answer>): Promise<readonly Destination[] | Failure> {
    const answer = await asking
    return 'cause' in answer ? answer : this.#inOrder(answer, question)
  }

  /**
   * By priority; among equals by weight, so that each is first as often as RFC 2782 wants it. What decides is
   * the share and the candidate alone: when one of them comes or goes, the others keep their order.
   */
  #inOrder(candidates: readonly Candidate[], { share }: Question): readonly Destination[] {
    if (candidates.length === 1) return [(candidates[0] as Candidate).destination]
    const seed = Math.floor((share ?? this.#random()) * 0x1_0000_0000)
    return candidates
      .map((candidate) => ({
        candidate,
        avoided: this.#isAvoided(candidate.destination),
        turn: turn(seed ^ candidate.targetHash, candidate.weight),
        addressTurn: turn(seed ^ candidate.addressHash, 1),
      }))
      .sort(
        (a, b) =>
          Number(a.avoided) - Number(b.avoided) ||
          a.candidate.priority - b.candidate.priority ||
          a.turn - b.turn ||
          a.candidate.familyRank - b.candidate.familyRank ||
          a.addressTurn - b.addressTurn,
      )
      .map(({ candidate }) => candidate.destination)
  }

  #isAvoided({ address, transport }: Destination): boolean {
    if (this.#avoided.size === 0) return false
    const key = avoidKey(address, transport)
    const untilMs = this.#avoided.get(key)
    if (untilMs === undefined) return false
    if (this.#nowMs() < untilMs) return true
    this.#avoided.delete(key)
    return false
  }
}

function candidatesOf({ places }: Located, host: string): Candidate[] {
  return places.flatMap(({ name, port, transport, priority, weight, ips }) =>
    ips.map((ip) => ({
      destination: { address: { ip, port }, transport, host },
      priority,
      weight,
      targetHash: hashOfText(`${name}:${port}`),
      familyRank: familyOf(ip) === familyOf(ips[0] as string) ? 0 : 1,
      addressHash: hashOfText(ip),
    })),
  )
}

function keepMs(ttl: number): number {
  return Math.min(Math.max(ttl * 1000, shortestKeepMs), longestKeepMs)
}

function avoidKey(address: Endpoint, transport: string): string {
  return `${transport}:${endpointText(address)}`
}

function makeRoom(map: Map<string, unknown>): void {
  if (map.size < maxKept) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

/** RFC 2782: weight 0 has a very small chance beside others; among themselves such targets are equal. */
const smallWeight = 0.01

/**
 * Smallest first, this orders candidates as drawing them one after the other by weight would: an
 * exponentially distributed time that is shorter the greater the weight (Efraimidis and Spirakis, 2006).
 */
function turn(bits: number, weight: number): number {
  const uniform = ((scramble(bits) >>> 0) + 1) / 0x1_0000_0000
  return -Math.log(uniform) / (weight === 0 ? smallWeight : weight)
}
