/**
 * A phone that registers and calls over TLS, as a gateway would see it: texts, times and facts, all made up, from
 * addresses and names that exist nowhere (RFC 5737, RFC 2606). Nothing here is sent.
 */
import type { CertificateFacts, ConnectionFacts, Direction } from '../base/facts.js'

export interface ProbeMessage {
  /** after the connection was accepted */
  readonly afterMs: number
  /** in: from the phone */
  readonly direction: Direction
  readonly callId: string
  readonly text: string
}

const phone = { ip: '192.0.2.10', port: 50412 }
const gateway = { ip: '198.51.100.1', port: 5061 }
const domain = 'hepgate.invalid'
const probe = `sip:probe@${domain}`
const echo = `sip:echo@${domain}`
const contact = `<sip:probe@${phone.ip}:${phone.port};transport=tls>`

/** Of the connection from ACCEPTED to CLOSED. */
export const probeMs = 7000

/** `callId`: of the call; its registration has one of its own. */
export function probeMessages(callId: string, registrationId: string, userAgent: string): readonly ProbeMessage[] {
  const common = { from: probe, userAgent }
  const register = { ...common, callId: registrationId, to: probe, uri: `sip:${domain}`, method: 'REGISTER', cseq: 1 }
  const invite = { ...common, callId, to: echo, uri: echo, method: 'INVITE', cseq: 1 }
  const ack = { ...invite, method: 'ACK' }
  const bye = { ...invite, method: 'BYE', cseq: 2 }
  const binding = `Contact: ${contact};expires=600`
  return [
    { afterMs: 100, ...request(register, [binding]) },
    { afterMs: 112, ...response(register, '200 OK', [binding]) },
    { afterMs: 1000, ...request(invite, [`Contact: ${contact}`], sdp(phone.ip)) },
    { afterMs: 1002, ...response(invite, '100 Trying') },
    { afterMs: 1150, ...response(invite, '180 Ringing') },
    { afterMs: 2400, ...response(invite, '200 OK', [`Contact: <${echo}>`], sdp(gateway.ip)) },
    { afterMs: 2420, ...request(ack) },
    { afterMs: 6400, ...request(bye) },
    { afterMs: 6405, ...response(bye, '200 OK') },
  ]
}

/** The connection it all comes over. */
export function probeFacts(id: string, openedMicros: number): ConnectionFacts {
  return {
    id,
    direction: 'in',
    transport: 'tls',
    side: 'edge',
    local: gateway,
    peer: phone,
    proxiedBy: undefined,
    listener: undefined,
    openedMicros,
    domain: 'default',
    sni: domain,
    hello: undefined,
    tls: {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      alpn: undefined,
      resumed: false,
      group: 'X25519',
      verify: 'none',
      nameVerdict: undefined,
    },
    ownCertificate: certificate,
    peerCertificate: undefined,
    peerIdentities: [],
    trusted: false,
    users: [],
    keylog: [],
    connectMs: undefined,
    handshakeMs: 12.4,
    bytesIn: 0,
    bytesOut: 0,
    messagesIn: 0,
    messagesOut: 0,
    relayedTo: undefined,
    closed: undefined,
    trace: undefined,
    span: undefined,
  }
}

const certificate: CertificateFacts = {
  subject: `/CN=${domain}`,
  issuer: '/CN=hepgate hep-test',
  serial: '01',
  san: `DNS:${domain}`,
  notBefore: '2024-01-01T00:00:00Z',
  notAfter: '2034-01-01T00:00:00Z',
  sha256: '00'.repeat(32),
}

/** What a request and the responses to it have in common (RFC 3261 §8.1.1, §8.2.6.2). */
interface Transaction {
  readonly callId: string
  readonly method: string
  readonly cseq: number
  readonly uri: string
  readonly from: string
  readonly to: string
  readonly userAgent: string
}

type Said = Omit<ProbeMessage, 'afterMs'>

function request(transaction: Transaction, headers: readonly string[] = [], body = ''): Said {
  const { callId, method, uri, userAgent } = transaction
  const isInDialog = method === 'ACK' || method === 'BYE'
  const extra = ['Max-Forwards: 70', `User-Agent: ${userAgent}`, ...headers]
  return { direction: 'in', callId, text: message(transaction, `${method} ${uri} SIP/2.0`, isInDialog, extra, body) }
}

function response(transaction: Transaction, status: string, headers: readonly string[] = [], body = ''): Said {
  const { callId } = transaction
  // RFC 3261 §8.2.6.2: a 100 needs no tag
  const isTagged = !status.startsWith('100')
  return { direction: 'out', callId, text: message(transaction, `SIP/2.0 ${status}`, isTagged, headers, body) }
}

function message(
  transaction: Transaction,
  startLine: string,
  isTagged: boolean,
  extra: readonly string[],
  body: string,
) {
  const { callId, method, cseq, from, to } = transaction
  const lines = [
    startLine,
    `Via: SIP/2.0/TLS ${phone.ip}:${phone.port};branch=z9hG4bK-${callId}-${method === 'ACK' ? 'ack' : cseq}`,
    `From: "hepgate hep-test" <${from}>;tag=probe`,
    `To: <${to}>${isTagged ? ';tag=echo' : ''}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    ...extra,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

/** An offer or answer of one audio stream that is not there (RFC 8866). */
function sdp(ip: string): string {
  const lines = [
    'v=0',
    `o=- 1 1 IN IP4 ${ip}`,
    's=-',
    `c=IN IP4 ${ip}`,
    't=0 0',
    'm=audio 40000 RTP/AVP 8',
    'a=inactive',
  ]
  return `${lines.join('\r\n')}\r\n`
}
