/** TLS at the edge: versions and ciphers in use, who is weak, and which certificates end soon. */
import type { Breakdown } from '../../../../src/base/live.js'
import type { DomainStatus } from '../../../../src/base/status.js'
import { isDeprecated } from '../../../../src/base/tls-versions.js'
import { href } from '../../router.js'
import { Bars } from '../../ui/bars.js'
import { DaysLeft } from '../../ui/days-left.js'
import { commonName, count, date, plural, tlsVersion } from '../../ui/format.js'
import { Card } from '../../ui/panel.js'
import { Status } from '../../ui/status.js'

export function Versions({ versions, weak }: Pick<Breakdown, 'versions' | 'weak'>) {
  const bars = Object.entries(versions).map(([version, value]) => ({
    label: tlsVersion(version),
    value,
    tone: isDeprecated(version) ? ('bad' as const) : undefined,
    href: href('connections', { search: `version:${version}` }),
  }))
  return (
    <Card title="TLS versions" note="live connections">
      <div class="card-body stack">
        {bars.length === 0 ? (
          <p class="muted">No TLS connection is open.</p>
        ) : (
          <Bars label="TLS versions" bars={bars} />
        )}
        {weak.length > 0 && <WeakClients weak={weak} />}
      </div>
    </Card>
  )
}

function WeakClients({ weak }: Pick<Breakdown, 'weak'>) {
  return (
    <ul class="weak" aria-label="Weak clients">
      {weak.map(({ version, count: clients, examples }) => (
        <li key={version}>
          <Status tone="warning">
            <a href={href('connections', { search: `version:${version}` })}>
              {plural(clients, 'weak client')} on {tlsVersion(version)}
            </a>
            <span class="muted">
              {examples.join(', ')}
              {clients > examples.length && ` and ${count(clients - examples.length)} more`}
            </span>
          </Status>
        </li>
      ))}
    </ul>
  )
}

export function Ciphers({ ciphers }: { ciphers: Breakdown['ciphers'] }) {
  const bars = Object.entries(ciphers).map(([cipher, value]) => ({
    label: cipher,
    value,
    href: href('connections', { search: `cipher:${cipher}` }),
  }))
  return (
    <Card title="Ciphers" note="live connections">
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
