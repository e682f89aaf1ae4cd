/** Who stands at a line of the ladder, and how the leg to them is secured. */
import type { ConnectionRow } from '../../../../src/base/live.js'
import { href } from '../../router.js'
import { commonName, spelled, tlsVersion } from '../../ui/format.js'
import { Icon } from '../../ui/icon.js'
import type { Line, Party } from './ladder.js'

/** Above one line; above both of ours at once. */
export function Head({ lines }: { lines: readonly Line[] }) {
  const [first] = lines
  return first?.kind === 'party' ? <PartyHead party={first} /> : <GatewayHead lines={lines} />
}

/** All parties below each other, for a phone. */
export function Legs({ lines }: { lines: readonly Line[] }) {
  const parties = lines.filter((line) => line.kind === 'party')
  return (
    <div class="call-legs">
      {parties.map((party) => (
        <div key={party.address} class="ladder-party">
          <PartyHead party={party} />
        </div>
      ))}
    </div>
  )
}

function PartyHead({ party: { address, leg, side, connections } }: { party: Party }) {
  const name = leg?.users[0] ?? (leg?.direction === 'out' ? leg.tls_sni : undefined)
  return (
    <>
      <span class="ladder-party-name cut" title={leg && spelled(leg.users.join(', '))}>
        {spelled(name ?? address)}
      </span>
      {name !== undefined && <span class="code muted cut">{address}</span>}
      {leg === undefined ? (
        <span class="muted cut">{side === undefined ? 'seen by another agent' : 'connection forgotten'}</span>
      ) : (
        <LegFacts leg={leg} />
      )}
      {connections > 1 && <span class="muted">{connections} connections</span>}
    </>
  )
}

function LegFacts({ leg }: { leg: ConnectionRow }) {
  const { conn_id, tls_version, tls_cipher, tls_sni, transport, state } = leg
  const certificate = leg.peer_certificate ?? leg.own_certificate
  const whose = leg.peer_certificate === undefined ? 'our certificate' : 'its certificate'
  return (
    <>
      <a class="ladder-party-leg" href={href('connections', { id: conn_id })} title={`connection ${conn_id}`}>
        {tls_version === undefined ? (
          `clear ${transport.toUpperCase()}`
        ) : (
          <>
            <Icon name="lock" size={13} />
            {tlsVersion(tls_version)}
          </>
        )}
        {state === 'closed' && ', closed'}
      </a>
      {tls_cipher !== undefined && (
        <span class="muted cut" title={tls_cipher}>
          {tls_cipher.replace(/^TLS_/, '')}
        </span>
      )}
      {tls_sni !== undefined && <span class="muted cut">SNI {spelled(tls_sni)}</span>}
      {certificate !== undefined && (
        <span class="muted cut" title={`${whose}: ${spelled(certificate.subject)}`}>
          {whose} {spelled(commonName(certificate.subject))}
        </span>
      )}
    </>
  )
}

function GatewayHead({ lines }: { lines: readonly Line[] }) {
  return (
    <>
      <span class="ladder-party-name">
        <Icon name="pulse" size={15} />
        hepgate
      </span>
      <span class="ladder-party-sides muted">
        {lines.map((line) => line.kind === 'gateway' && <span key={line.side}>{line.side}</span>)}
      </span>
    </>
  )
}
