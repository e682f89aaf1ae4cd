/** The TLS domains: certificates with their days left, who still runs on an old one, and reading them again. */
import { useEffect, useState } from 'preact/hooks'
import type { AuditEntry, DomainView } from '../../../../src/base/live.js'
import { ApiError, api } from '../../net/api.js'
import { href } from '../../router.js'
import { toast, toastError } from '../../state/toasts.js'
import { AsyncButton } from '../../ui/button.js'
import { DaysLeft } from '../../ui/days-left.js'
import { commonName, date, plural } from '../../ui/format.js'
import { Card, Skeleton } from '../../ui/panel.js'
import { Status } from '../../ui/status.js'

/** connections come and go; certificates hardly ever do */
const againMs = 15_000
/** enough of a fingerprint to tell certificates apart */
const shownDigits = 16

export function DomainsCard({ audit }: { audit: readonly AuditEntry[] }) {
  const [domains, setDomains] = useState<readonly DomainView[] | undefined>(undefined)
  const [problem, setProblem] = useState<ApiError | undefined>(undefined)
  const reloadedAt = audit.find(({ action }) => action === 'reload' || action === 'domains-reload')?.at
  useEffect(() => {
    const load = async () => setDomains((await api.get<{ domains: DomainView[] }>('/domains')).domains)
    load().catch((error: unknown) => toastError('The TLS domains could not be loaded', error))
    // the next one says so, or works
    const timer = setInterval(() => void load().catch(() => undefined), againMs)
    return () => clearInterval(timer)
  }, [reloadedAt])

  const reload = async () => {
    try {
      await api.post('/domains/reload')
      setProblem(undefined)
      toast('Handshakes from now on use what was read.')
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 409) throw error
      setProblem(error)
    }
  }
  return (
    <Card
      title="TLS domains"
      actions={
        <AsyncButton small icon="refresh" run={reload} failed="Reloading failed">
          Reload certificates
        </AsyncButton>
      }
    >
      <div class="card-body stack">
        {problem !== undefined && <ReloadProblem {...problem} />}
        {domains === undefined && <Skeleton />}
        {domains?.length === 0 && <p class="muted">No TLS domain is configured.</p>}
        {domains?.map((domain) => (
          <Domain key={domain.role + domain.name} domain={domain} />
        ))}
      </div>
    </Card>
  )
}

function ReloadProblem({ detail, errors }: Pick<ApiError, 'detail' | 'errors'>) {
  return (
    <div class="reload-problem" role="alert">
      <Status tone="bad">The old certificates are still used.</Status>
      <ul>{errors.length === 0 ? <li>{detail}</li> : errors.map((one) => <li key={one.detail}>{one.detail}</li>)}</ul>
    </div>
  )
}

function Domain({ domain: { name, role, certificates, outdated } }: { domain: DomainView }) {
  return (
    <section class="trace-domain">
      <h3>
        {name} <small class="muted">{role}</small>
      </h3>
      <ul>
        {certificates.map((certificate) => (
          <li key={certificate.sha256} class="trace-certificate">
            <span class="cut" title={certificate.subject}>
              {commonName(certificate.subject)}
            </span>
            <DaysLeft days={certificate.days_left} title={`until ${date(Date.parse(certificate.not_after))}`} />
            <a href={href('connections', { search: `fingerprint:${digits(certificate.sha256)}` })}>
              {plural(certificate.connections, 'connection')}
            </a>
            <code class="muted" title={certificate.sha256}>
              {digits(certificate.sha256)}
            </code>
          </li>
        ))}
      </ul>
      {certificates.length === 0 && <p class="muted">No certificate.</p>}
      {outdated.count > 0 && (
        <Status tone="warning">
          <a href={href('connections', { search: outdatedSearch(name, role, certificates) })}>
            {plural(outdated.count, 'connection')}
          </a>{' '}
          still on an old certificate
        </Status>
      )}
    </section>
  )
}

function digits(sha256: string): string {
  return sha256.slice(0, shownDigits)
}

/** Connections of the domain with none of its certificates of now. */
function outdatedSearch(name: string, role: DomainView['role'], certificates: DomainView['certificates']): string {
  const current = certificates.map(({ sha256 }) => `-fingerprint:${digits(sha256)}`)
  return [`domain:${name}`, `direction:${role === 'server' ? 'in' : 'out'}`, ...current].join(' ')
}
