/**
 * Locating a SIP server by name (RFC 3263 §4): one inquiry, from NAPTR over SRV to addresses. It finds
 * all places there are and prefers none: the order is resolver.ts's. Over UDP and SCTP it finds nothing.
 */
import { plainIp, sipPort } from '../base/address.js'
import { causeSentence, type Failure, failure } from '../base/errors.js'
import type { Dns, NaptrRecord, SrvRecord } from './dns.js'

export interface Question {
  /** name or IP address, no brackets */
  readonly host: string
  /** undefined: none is written */
  readonly port: number | undefined
  /** undefined: nothing is said; it will be TLS unless the domain wants TCP */
  readonly transport: 'tls' | 'tcp' | undefined
  /** a SIPS URI: TLS only */
  readonly secure: boolean
  /**
   * 0 ≤ share < 1, the same for all requests of a call: which of equal servers takes it. RFC 3263 §4.4:
   * a CANCEL must go where its INVITE went, and we remember neither. Left out: chance decides.
   */
  readonly share?: number | undefined
}

export interface Place {
  readonly transport: 'tls' | 'tcp'
  /** target of the SRV record, or the host asked for */
  readonly name: string
  readonly port: number
  readonly priority: number
  readonly weight: number
  /** those of the preferred family first */
  readonly ips: readonly string[]
}

export interface Located {
  readonly places: readonly Place[]
  /** SECONDS it may be kept: the smallest of the TTLs */
  readonly ttl: number
}

interface Service {
  readonly transport: 'tls' | 'tcp'
  readonly records: readonly SrvRecord[]
}

/** SECONDS, where nobody says: long enough for a crowd of calls, short enough to follow a failover in DNS */
const usualTtl = 30
/** One for each of our two transports, and as many again. */
const maxPointers = 4
/** A domain that lists more costs us a query for each; nobody fails over so often. */
const maxTargets = 16
/** Of one target: an answer may hold thousands, which each call would put in order, and one after the other be sent to. */
const maxAddresses = 16

export class Inquiry {
  readonly #question: Question
  readonly #dns: Dns
  readonly #tlsPort: number
  /** what was asked, with what became of it */
  readonly #asked = new Map<string, string>()

  constructor(question: Question, dns: Dns, tlsPort: number) {
    this.#question = question
    this.#dns = dns
    this.#tlsPort = tlsPort
  }

  async locate(): Promise<Located | Failure> {
    const { port } = this.#question
    // RFC 3263 §4.2: with a port there is nothing SRV could add.
    const service = port === undefined ? await this.#service() : undefined
    const targets = service === undefined ? [this.#host()] : targetsOf(service)
    const found = await Promise.all(targets.map((target) => this.#addresses(target.name)))
    const places = targets
      .map((target, i) => ({ ...target, ips: found[i]?.ips ?? [] }))
      .filter((place) => place.ips.length > 0)
    if (places.length === 0) return this.failure()
    const ttls = found.map((answer) => answer?.ttl ?? usualTtl)
    // Node does not tell the TTL of SRV records.
    return { places, ttl: Math.min(...ttls, service === undefined ? Number.POSITIVE_INFINITY : usualTtl) }
  }

  /** As far as it got. */
  failure(): Failure {
    const trail = [...this.#asked].map(([what, outcome]) => `${what}: ${outcome}`).join(', ')
    return failure('dns-failed', `${causeSentence('dns-failed')}: ${this.#question.host} (${trail})`)
  }

  /** RFC 3263 §4.1. NAPTR and SRV are asked at once: most domains have one of them or none, and a call waits. */
  async #service(): Promise<Service | undefined> {
    const { host, transport } = this.#question
    const wanted = this.#wanted
    const [pointers, tls, tcp] = await Promise.all([
      transport === undefined ? this.#ask(`NAPTR ${host}`, this.#dns.naptr(host)) : [],
      wanted === 'tcp' ? [] : this.#srv(`_sips._tcp.${host}`),
      wanted === 'tls' ? [] : this.#srv(`_sip._tcp.${host}`),
    ])
    return (await this.#pointedTo(pointers ?? [])) ?? serviceOf(wanted, tls, tcp)
  }

  /** The service that the domain wishes for most, of those we can use and it has. */
  async #pointedTo(pointers: readonly NaptrRecord[]): Promise<Service | undefined> {
    for (const { service, replacement } of inOrder(pointers)) {
      const transport = transportOf(service) as Service['transport']
      // RFC 3263 §4.1: a SIPS URI goes by TLS only.
      if (this.#wanted === 'tls' && transport !== 'tls') continue
      const records = await this.#srv(replacement)
      if (leadsSomewhere(records)) return { transport, records }
    }
    return undefined
  }

  get #wanted(): Service['transport'] | undefined {
    return this.#question.secure ? 'tls' : this.#question.transport
  }

  /** The host itself, for want of anything better. */
  #host(): Omit<Place, 'ips'> {
    const { host, port } = this.#question
    const transport = this.#wanted ?? 'tls'
    const usualPort = transport === 'tls' ? this.#tlsPort : sipPort
    return { transport, name: host, port: port ?? usualPort, priority: 0, weight: 0 }
  }

  #srv(name: string): Promise<readonly SrvRecord[] | undefined> {
    return this.#ask(`SRV ${name}`, this.#dns.srv(name))
  }

  async #addresses(name: string): Promise<{ ips: readonly string[]; ttl: number | undefined } | undefined> {
    const what = `addresses of ${name}`
    const found = await this.#ask(what, this.#dns.addresses(name))
    if (found?.ips.length === 0) this.#asked.set(what, 'none')
    return found && { ips: [...new Set(found.ips.map(plainIp))].slice(0, maxAddresses), ttl: found.ttl }
  }

  /** undefined: there was no answer. */
  async #ask<T>(what: string, question: Promise<T>): Promise<T | undefined> {
    this.#asked.set(what, 'no answer yet')
    try {
      const answer = await question
      this.#asked.set(what, Array.isArray(answer) && answer.length === 0 ? 'none' : 'answered')
      return answer
    } catch (error) {
      this.#asked.set(what, (error as NodeJS.ErrnoException).code ?? (error as Error).message)
      return undefined
    }
  }
}

/** Of the SRV records for TLS and TCP; undefined: there were none, or no answer. */
function serviceOf(
  wanted: Service['transport'] | undefined,
  tls: readonly SrvRecord[] | undefined,
  tcp: readonly SrvRecord[] | undefined,
): Service | undefined {
  // Where neither URI nor NAPTR choose, TLS comes first: this is a TLS gateway. And no answer is not no record:
  // a lost packet must not turn TLS into clear text.
  if (wanted === undefined && tls !== undefined && !leadsSomewhere(tls) && leadsSomewhere(tcp)) {
    return { transport: 'tcp', records: tcp }
  }
  // Records that lead nowhere count: the service is not offered, at the addresses of the host neither.
  const records = wanted === 'tcp' ? tcp : tls
  return records === undefined || records.length === 0 ? undefined : { transport: wanted ?? 'tls', records }
}

/** The pointers we can follow, the most wished for first. */
function inOrder(pointers: readonly NaptrRecord[]): NaptrRecord[] {
  return pointers
    .filter(({ flags, service }) => flags.toLowerCase() === 's' && transportOf(service) !== undefined)
    .sort((a, b) => a.order - b.order || a.preference - b.preference)
    .slice(0, maxPointers)
}

function transportOf(service: string): Service['transport'] | undefined {
  switch (service.toUpperCase()) {
    case 'SIPS+D2T':
      return 'tls'
    case 'SIP+D2T':
      return 'tcp'
    default:
      return undefined
  }
}

/** RFC 2782: the root as the target says that there is no such service. */
function isTarget({ name }: SrvRecord): boolean {
  return name !== '' && name !== '.'
}

function leadsSomewhere(records: readonly SrvRecord[] | undefined): records is readonly SrvRecord[] {
  return records?.some(isTarget) === true
}

function targetsOf({ transport, records }: Service): Omit<Place, 'ips'>[] {
  return records
    .filter(isTarget)
    .sort((a, b) => a.priority - b.priority)
    .slice(0, maxTargets)
    .map(({ name, port, priority, weight }) => ({ transport, name, port, priority, weight }))
}
