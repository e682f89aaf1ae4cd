/** Who is at the other end and how it came here; why it ended; what its ClientHello offered. */
import type { ComponentChildren } from 'preact'
import type { ConnectionDetail, SearchFieldName } from '../../../../src/base/live.js'
import { isDeprecated } from '../../../../src/base/tls-versions.js'
import { href, param } from '../../router.js'
import { CopyButton } from '../../ui/button.js'
import { duration, sentence, spelled, tlsVersion } from '../../ui/format.js'
import { Icon } from '../../ui/icon.js'
import { Facts } from '../../ui/panel.js'
import { PeerText } from '../../ui/peer-text.js'
import { Status } from '../../ui/status.js'
import { Time } from '../../ui/time.js'
import { wayText } from './columns.js'
import { fieldTerm } from './search-text.js'
import { Section } from './section.js'
import { causeOf, causeTone, closerTexts, nameVerdictOf, plainAddress, verdictOf } from './words.js'

/** The cause in words, and what to do about it. */
export function ClosedNotice({ connection: { closed } }: { connection: ConnectionDetail }) {
  if (closed === undefined) return null
  const tone = causeTone(closed.cause)
  const { hint } = causeOf(closed.cause)
  return (
    <div class={`closed-notice tone-${tone}`}>
      <Icon name={tone} />
      <div>
        <p class="closed-cause">{spelled(sentence(closed.message))}</p>
        {hint !== '' && <p>Look at this first: {hint}.</p>}
        <p class="muted">
          <code>{closed.cause}</code> · closed {closerTexts[closed.by] ?? closed.by} <Time at={closed.at} /> after{' '}
          {duration(closed.duration_ms)}
        </p>
      </div>
    </div>
  )
}

export function Identity({ connection }: { connection: ConnectionDetail }) {
  const { peer, proxied_by, local, listener, tls_sni, domain, direction, side, users, relayed_to, conn_id } = connection
  const verdict = verdictOf(connection)
  const name = nameVerdictOf(connection)
  return (
    <Section title="Who and what">
      <Facts
        facts={[
          {
            name: 'Identity',
            value: (
              <div class="verdicts">
                <Status tone={verdict.tone}>{verdict.text}</Status>
                {name && <Status tone={name.tone}>{name.text}</Status>}
                <Trust connection={connection} />
              </div>
            ),
          },
          { name: 'Users', value: listed(users.map((user) => searchLink(<PeerText text={user} />, 'user', user))) },
          {
            name: 'Peer',
            value: (
              <>
                {searchLink(<code>{peer}</code>, 'peer', plainAddress(peer), 'All connections of this address')}
                {proxied_by !== undefined && ` through the load balancer ${proxied_by}`}
              </>
            ),
          },
          { name: 'Our end', value: listener === undefined ? <code>{local}</code> : ourEnd(local, listener) },
          { name: 'Way', value: wayText(direction, side) },
          { name: 'Name (SNI)', value: tls_sni && searchLink(<PeerText text={tls_sni} />, 'sni', tls_sni) },
          { name: 'TLS domain', value: domain && searchLink(domain, 'domain', domain) },
          { name: 'TLS', value: connection.tls_version && <Tls connection={connection} /> },
          { name: 'Set up', value: <SetUp connection={connection} /> },
          {
            name: 'Other leg',
            value: relayed_to && (
              <a href={href('connections', { search: param('search'), id: relayed_to })}>{relayed_to}</a>
            ),
          },
          {
            name: 'Id',
            value: (
              <span class="with-copy">
                <code>{conn_id}</code>
                <CopyButton text={conn_id} label="Copy the connection id" />
              </span>
            ),
          },
        ]}
      />
    </Section>
  )
}

/** The ClientHello of an accepted connection. */
export function Offer({ connection: { hello } }: { connection: ConnectionDetail }) {
  if (hello === undefined) return null
  const { versions, alpn, ja4 } = hello
  return (
    <Section title="What the client offered" note="ClientHello">
      <Facts
        facts={[
          { name: 'Versions', value: versions.map(tlsVersion).join(', ') },
          { name: 'ALPN', value: alpn.length === 0 ? 'none' : spelled(alpn.join(', ')) },
          {
            name: 'JA4',
            value: (
              <span class="with-copy">
                {searchLink(<code>{ja4}</code>, 'ja4', ja4, 'All connections of this kind of client')}
                <CopyButton text={ja4} label="Copy the JA4 fingerprint" />
              </span>
            ),
          },
        ]}
      />
    </Section>
  )
}

function Trust({ connection: { trusted, peer_identities, side } }: { connection: ConnectionDetail }) {
  if (trusted === true && side === 'core') return <Status tone="good">One of our own servers.</Status>
  if (peer_identities.length === 0) return null
  return (
    <Status tone={trusted ? 'good' : 'neutral'}>
      Speaks for <PeerText text={peer_identities.join(', ')} />
      {trusted ? ', which is trusted.' : '.'}
    </Status>
  )
}

function Tls({ connection }: { connection: ConnectionDetail }) {
  const { tls_version = '', tls_cipher, tls_group, tls_alpn, tls_resumed } = connection
  const rest = [tls_group, tls_alpn && `ALPN ${tls_alpn}`, tls_resumed && 'session resumed'].filter(Boolean)
  const version = isDeprecated(tls_version) ? (
    <Status tone="warning">{tlsVersion(tls_version)}, which is deprecated</Status>
  ) : (
    tlsVersion(tls_version)
  )
  return (
    <>
      {version} <code>{tls_cipher}</code> {rest.length > 0 && <span class="muted">{rest.join(' · ')}</span>}
    </>
  )
}

function SetUp({ connection: { opened_at, connect_ms, handshake_ms } }: { connection: ConnectionDetail }) {
  const took = [
    connect_ms !== undefined && `connect ${duration(connect_ms)}`,
    handshake_ms !== undefined && `handshake ${duration(handshake_ms)}`,
  ].filter(Boolean)
  return (
    <>
      <Time at={opened_at} /> {took.length > 0 && <span class="muted">{took.join(' · ')}</span>}
    </>
  )
}

function ourEnd(local: string, listener: string) {
  return (
    <>
      <code>{local}</code> <span class="muted">came in by</span> <code>{listener}</code>
    </>
  )
}

function listed(items: readonly ComponentChildren[]): ComponentChildren {
  return items.length === 0 ? undefined : items.flatMap((item, i) => (i === 0 ? [item] : [', ', item]))
}

/** All that have the same: live ones. */
function searchLink(text: ComponentChildren, name: SearchFieldName, value: string, title = `All with this ${name}`) {
  return (
    <a href={href('connections', { search: fieldTerm(name, value) })} title={title}>
      {text}
    </a>
  )
}
