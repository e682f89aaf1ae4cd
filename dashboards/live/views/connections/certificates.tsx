/** The certificates both sides showed, leaf first, with what an operator compares: names, issuer, dates, fingerprint. */
import type { CertificateView, ConnectionDetail } from '../../../../src/base/live.js'
import { now } from '../../state/clock.js'
import { CopyButton } from '../../ui/button.js'
import { DaysLeft } from '../../ui/days-left.js'
import { commonName, date, spelled } from '../../ui/format.js'
import { Facts } from '../../ui/panel.js'
import { Badge } from '../../ui/status.js'
import { Section } from './section.js'

const dayMs = 86_400_000

export function Certificates({ connection }: { connection: ConnectionDetail }) {
  const { transport, own_chain, peer_chain, state } = connection
  if (transport !== 'tls') return null
  return (
    <Section
      title="Certificates"
      note={state === 'closed' ? 'of a closed connection only the first is kept' : undefined}
    >
      <Chain title="The peer" chain={peer_chain} none="It showed none." opened />
      <Chain title="We" chain={own_chain} none="We showed none." opened={false} />
    </Section>
  )
}

function Chain(props: { title: string; chain: readonly CertificateView[]; none: string; opened: boolean }) {
  const { title, chain, none, opened } = props
  return (
    <div class="chain">
      <h4>{title}</h4>
      {chain.length === 0 && <p class="muted">{none}</p>}
      {chain.map((certificate, i) => (
        <Certificate key={certificate.sha256 + String(i)} certificate={certificate} opened={opened && i === 0} />
      ))}
    </div>
  )
}

function Certificate({ certificate, opened }: { certificate: CertificateView; opened: boolean }) {
  const { subject, issuer, serial, san, not_before, not_after, sha256 } = certificate
  return (
    <details class="certificate" open={opened}>
      <summary>
        <span class="cut">{spelled(commonName(subject))}</span>
        <Validity certificate={certificate} />
      </summary>
      <Facts
        facts={[
          { name: 'Subject', value: spelled(subject) },
          { name: 'Issuer', value: issuer === subject ? 'itself' : spelled(issuer) },
          { name: 'Names (SAN)', value: san === '' ? undefined : spelled(san) },
          { name: 'Valid', value: `${date(Date.parse(not_before))} to ${date(Date.parse(not_after))}` },
          { name: 'Serial', value: <code>{serial}</code> },
          {
            name: 'SHA-256',
            value: (
              <span class="with-copy">
                <code class="fingerprint">{sha256}</code>
                <CopyButton text={sha256} label="Copy the fingerprint" />
              </span>
            ),
          },
        ]}
      />
    </details>
  )
}

function Validity({ certificate: { not_before, not_after } }: { certificate: CertificateView }) {
  if (Date.parse(not_before) > now.value) return <Badge tone="bad">not valid yet</Badge>
  return <DaysLeft days={(Date.parse(not_after) - now.value) / dayMs} />
}
