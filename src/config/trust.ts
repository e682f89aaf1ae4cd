/**
 * Trusted calls as the configuration spells them: domains, the header that tells the core, the ring of phones.
 * Whatever becomes part of a SIP message is checked here, so that it cannot break one.
 */
import { isIP } from 'node:net'
import { UsageError } from '../base/errors.js'
import { alternatives, isHost, quote } from './host-port.js'

/** A domain as RFC 5922 §7.1 takes it from a certificate: a name, no address and no wildcard. Lower case. */
export function parseTrustedDomain(text: string): string {
  const domain = text.toLowerCase().replace(/\.$/, '')
  if (!isHost(domain) || isIP(domain) !== 0) {
    throw new UsageError(`${quote(text)} is not a domain such as carrier.example; wildcards are not taken`)
  }
  return domain
}

/** RFC 3261 §25.1 */
const token = /^[A-Za-z0-9.!%*_+`'~-]+$/

/** Headers that mean something to SIP already: RFC 3261 §20, the registry of RFC 3968, and the compact forms. */
const known: ReadonlySet<string> = new Set(
  `accept accept-contact accept-encoding accept-language alert-info allow allow-events answer-mode
  authentication-info authorization call-id call-info contact content-disposition content-encoding content-language
  content-length content-type cseq date diversion error-info event expires feature-caps flow-timer from geolocation
  history-info identity identity-info in-reply-to info-package join max-breadth max-forwards mime-version min-expires
  min-se organization p-access-network-info p-asserted-identity p-asserted-service p-associated-uri p-called-party-id
  p-charging-function-addresses p-charging-vector p-preferred-identity p-preferred-service p-visited-network-id path
  permission-missing priority privacy proxy-authenticate proxy-authorization proxy-require rack reason record-route
  recv-info refer-sub refer-to referred-by reject-contact remote-party-id replaces reply-to request-disposition require
  resource-priority retry-after route rseq security-client security-server security-verify server service-route
  session-expires session-id sip-etag sip-if-match subject subscription-state supported suppress-if-match
  target-dialog timestamp to unsupported user-agent user-to-user via warning www-authenticate
  a b c d e f i j k l m n o r s t u v x y`.split(/\s+/),
)

/** The name of a header. Throws a `UsageError`. */
export function parseTrustHeader(text: string): string {
  if (!token.test(text)) throw new UsageError(`${quote(text)} is not the name of a SIP header, such as X-Trusted`)
  if (known.has(text.toLowerCase())) {
    throw new UsageError(`${text} has a meaning in SIP: choose a name of your own, such as X-Trusted`)
  }
  return text
}

export type Phone = 'cisco_ata' | 'cisco_7960' | 'snom' | 'other'

/** What a ring looks like, as a refusal says it. RFC 3261 §20.4 leaves little of it to the phones. */
const rings: Readonly<Record<Phone, { readonly form: RegExp; readonly expected: string }>> = {
  cisco_ata: { form: /^Bellcore-dr[1-4]$/, expected: alternatives([1, 2, 3, 4].map((n) => `Bellcore-dr${n}`)) },
  cisco_7960: { form: /^[\x20-\x7e]+$/, expected: 'the name of a ring in ASCII, without control characters' },
  snom: { form: /^https?:\/\/[\x21\x23-\x3b\x3d\x3f-\x7e]+$/, expected: 'a URL such as http://192.0.2.1/ring.wav' },
  other: { form: /^[\x20-\x7e]+$/, expected: 'the value of the header in ASCII, without control characters' },
}

/** The value of Alert-Info. Throws a `UsageError`. */
export function alertInfo(phone: Phone, ring: string): string {
  const { form, expected } = rings[phone]
  if (!form.test(ring)) throw new UsageError(`${quote(ring)} is no ring of ${phone}: expected ${expected}`)
  return phone === 'snom' ? `<${ring}>` : ring
}
