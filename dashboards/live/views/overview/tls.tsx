/** TLS at the edge: versions and ciphers in use, who is old, and which certificates end soon. */
import type { Breakdown } from '../../../../src/base/live.js'
import type { DomainStatus } from '../../../../src/base/status.js'
import { isDeprecated } from '../../../../src/base/tls-versions.js'
import { href } from '../../router.js'
import { Bars } from '../../ui/bars.js'
import { DaysLeft } from '../../ui/days-left.js'
import { commonName, count, date, plural, tlsVersion } from '../../ui/format.js'
import { Card } from '../../ui/panel.js'
import { Status } from '../../ui/status.js'
import { type WeakPart, weakParts } from './weak.js'

/** Counted at the edge, so that is what the links ask for: each lists as many as it says. */
export function Versions({ versions, weak }: Pick<Breakdown, 'versions' | 'weak'>) {
  const bars = Object.entries(versions).map(([version, value]) => ({
    label: tlsVersion(version),
    value,
    tone: isDeprecated(version) ? ('bad' as const) : undefined,
    href: href('connections', { search: `side:edge version:${version}` }),
  }))
  const { deprecated, dated } = weakParts(weak)
  return (
    <Card title="TLS versions" note="live connections of the edge">
      <div class="card-body stack">
        {bars.length === 0 ? (
          <p class="muted">No TLS connection is open.</p>
        ) : (
          <Bars label="TLS versions" bars={bars} />
        )}
        {(deprecated.count > 0 || dated.count > 0) && (
          <ul class="weak" aria-label="Old versions of TLS">
            {deprecated.count > 0 && (
              <li>
                <Status tone="warning">
                  <a href={href('connections', { search: 'side:edge version:<1.2' })}>
                    {plural(deprecated.count, 'connection')} below TLS 1.2
                  </a>
                  <Examples {...deprecated} />
                </Status>
              </li>
            )}
            {dated.count > 0 && (
              <li>
                <Status tone="neutral">
                  {plural(dated.count, 'connection')} of clients that can do no better than TLS 1.2
                  <Examples {...dated} />
                </Status>
              </li>
            )}
          </ul>
        )}
      </div>
    </Card>
  )
}

function Examples({ count: all, examples }: WeakPart) {
  return (
    <span class="muted">
      {examples.join(', ')}
      {all > examples.length && ` and ${count(all - examples.length)} more`}
    </span>
  )
}

export function Ciphers({ ciphers }: { ciphers: Breakdown['ciphers'] }) {
  const bars = Object.entries(ciphers).map(([cipher, value]) => ({
    label: cipher,
    value,
    href: href('connections', { search: `side:edge cipher:${cipher}` }),
  }))
  return (
    <Card title="Ciphers" note="live connections of the edge">
      <div class="card-body">
        {bars.length === 0 ? (
          <p class="muted">No TLS connection is open.</p>
        ) : (
          <Bars label="Ciphers" bars={bars} rest={4} />
        )}
      </div>
    </Card>
  )
}

export function Certificates({ domains }: { domains: readonly DomainStatus[] }) {
  const rows = domains
    .flatMap(({ name, role, certificates }) => certificates.map((certificate) => ({ name, role, ...certificate })))
    .sort((a, b) => a.daysLeft - b.daysLeft)
  return (
    <Card title="Certificates">
      <div class="card-body">
        {rows.length === 0 ? (
          <p class="muted">No TLS domain has a certificate.</p>
        ) : (
          <ul class="things">
            {rows.map((row) => (
              <li key={row.name + row.sha256} class="thing">
                <b class="cut" title={row.subject}>
                  {commonName(row.subject)}
                </b>
                <DaysLeft days={row.daysLeft} />
                <span class="muted cut">
                  {row.role} domain {row.name}
                </span>
                <span class="muted end">until {date(Date.parse(row.notAfter))}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
    </Card>
  )
}
