/**
 * TLS domains with what uses them: days left of each certificate, connections made with it, and those that still
 * run on one that was replaced since. Counted from the facts when somebody asks.
 */
import { dayMs } from '../../base/duration.js'
import type { CertificateFacts, ConnectionFacts } from '../../base/facts.js'
import type { DomainView } from '../../base/live.js'
import { certificateView } from '../connections/rows.js'

export interface DomainCertificates {
  readonly name: string
  readonly role: DomainView['role']
  readonly certificates: readonly CertificateFacts[]
}

/** For a person to begin with; `count` says how many there are. */
const mostOutdated = 100

export function domainViews(
  domains: readonly DomainCertificates[],
  live: Iterable<ConnectionFacts>,
  now: Date = new Date(),
): DomainView[] {
  const tallies = domains.map((domain) => new Tally(domain))
  // one name may be that of a server domain and of a client domain
  const accepting = byName(tallies, 'server')
  const opening = byName(tallies, 'client')
  for (const facts of live) {
    const { domain, direction } = facts
    if (domain !== undefined) (direction === 'in' ? accepting : opening).get(domain)?.count(facts)
  }
  return tallies.map((tally) => tally.view(now))
}

function byName(tallies: readonly Tally[], role: DomainView['role']): Map<string, Tally> {
  return new Map(tallies.filter(({ domain }) => domain.role === role).map((tally) => [tally.domain.name, tally]))
}

class Tally {
  readonly domain: DomainCertificates
  /** live connections by fingerprint of the certificates of now */
  readonly #uses: Map<string, number>
  readonly #outdated: string[] = []
  #outdatedCount = 0

  constructor(domain: DomainCertificates) {
    this.domain = domain
    this.#uses = new Map(domain.certificates.map(({ sha256 }) => [sha256, 0]))
  }

  count({ id, ownCertificate }: ConnectionFacts): void {
    if (ownCertificate === undefined) return
    const uses = this.#uses.get(ownCertificate.sha256)
    if (uses !== undefined) {
      this.#uses.set(ownCertificate.sha256, uses + 1)
    } else if (++this.#outdatedCount <= mostOutdated) {
      this.#outdated.push(id)
    }
  }

  view(now: Date): DomainView {
    return {
      name: this.domain.name,
      role: this.domain.role,
      certificates: this.domain.certificates.map((certificate) => ({
        ...certificateView(certificate),
        days_left: Math.floor((Date.parse(certificate.notAfter) - now.getTime()) / dayMs),
        connections: this.#uses.get(certificate.sha256) ?? 0,
      })),
      outdated: { count: this.#outdatedCount, conn_ids: this.#outdated },
    }
  }
}
