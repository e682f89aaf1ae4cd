/**
 * The one table of pseudo-variables a filter may read: OpenSIPS's names first, then ours. `docs/route-script.md`
 * shows it. A variable reads the facts of a connection and never key material; what is not known is null.
 */
import { endpointText, unknownEndpoint } from '../../base/address.js'
import type { CertificateFacts, ConnectionFacts } from '../../base/facts.js'

export type VariableType =
  /** compared without regard to case, as in OpenSIPS */
  | 'text'
  | 'number'
  /** a text that is also compared with addresses and networks */
  | 'address'

export type Value = string | number | undefined

export interface Variable {
  /** as it is written after `$`: `si`, `socket_in(ip)` */
  readonly name: string
  readonly type: VariableType
  /** one line for the documentation */
  readonly help: string
  read(facts: ConnectionFacts): Value
}

const nameParts = [
  ['cn', 'CN', 'common name'],
  ['locality', 'L', 'locality'],
  ['country', 'C', 'country'],
  ['state', 'ST', 'state'],
  ['organization', 'O', 'organization'],
  ['unit', 'OU', 'unit'],
] as const

const alternativeKinds = [
  ['hostname', 'DNS', 'host name'],
  ['uri', 'URI', 'URI'],
  ['email', 'email', 'e-mail address'],
  ['ip', 'IP', 'address'],
] as const

const selfSigned = new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'])

const table: Variable[] = [
  { name: 'si', type: 'address', help: 'address of the peer', read: (f) => knownIp(f.peer.ip) },
  { name: 'sp', type: 'number', help: 'port of the peer', read: (f) => f.peer.port || undefined },
  { name: 'pr', type: 'text', help: 'transport: `tls` or `tcp`', read: (f) => f.transport },
  { name: 'proto', type: 'text', help: 'the same as `$pr`', read: (f) => f.transport },
  { name: 'socket_in', type: 'text', help: 'our own end: `tls:192.0.2.1:5061`', read: socket },
  { name: 'socket_in(ip)', type: 'address', help: 'address of our own end', read: (f) => knownIp(f.local.ip) },
  { name: 'socket_in(port)', type: 'number', help: 'port of our own end', read: (f) => f.local.port || undefined },
  { name: 'socket_in(proto)', type: 'text', help: 'transport of our own end', read: (f) => f.transport },
  { name: 'Ri', type: 'address', help: 'the same as `$socket_in(ip)`', read: (f) => knownIp(f.local.ip) },
  { name: 'Rp', type: 'number', help: 'the same as `$socket_in(port)`', read: (f) => f.local.port || undefined },
  { name: 'tls_version', type: 'text', help: 'negotiated version: `TLSv1.3`', read: (f) => f.tls?.version },
  { name: 'tls_cipher_info', type: 'text', help: 'cipher by its OpenSSL name', read: (f) => f.tls?.cipher },
  { name: 'tls_cipher_bits', type: 'number', help: 'key length of the cipher', read: (f) => cipherBits(f.tls?.cipher) },
  ...certificateVariables('peer', "the peer's certificate", (f) => f.peerCertificate),
  ...certificateVariables('my', 'our certificate', (f) => f.ownCertificate),
  verdict('verified', 'came and its chain is good', (verify) => verify === 'ok'),
  verdict('expired', 'has expired', (verify) => verify === 'CERT_HAS_EXPIRED'),
  verdict('revoked', 'was revoked', (verify) => verify === 'CERT_REVOKED'),
  verdict('selfsigned', 'or its root signed itself and is not trusted', (verify) => selfSigned.has(verify)),
  {
    name: 'tls_peer_identities',
    type: 'text',
    help: "SIP domains the peer's verified certificate names (RFC 5922), with commas between",
    read: (f) => f.peerIdentities.join(',') || undefined,
  },
  {
    name: 'tls_trusted',
    type: 'number',
    help: '1: one of them is in `trust.domains`, or this is our own side, else 0',
    read: (f) => flag(f.trusted),
  },
  { name: 'tls_sni', type: 'text', help: 'server name the TLS client asked for', read: (f) => f.sni },
  { name: 'tls_alpn', type: 'text', help: 'negotiated application protocol', read: (f) => f.tls?.alpn },
  { name: 'tls_group', type: 'text', help: 'key exchange group', read: (f) => f.tls?.group },
  { name: 'tls_resumed', type: 'number', help: '1: the session was resumed', read: (f) => flag(f.tls?.resumed) },
  { name: 'tls_domain', type: 'text', help: 'name of the TLS domain used', read: (f) => f.domain },
  { name: 'tls_ja4', type: 'text', help: 'JA4 fingerprint of the ClientHello', read: (f) => f.hello?.ja4 },
  { name: 'conn_id', type: 'text', help: 'id of the connection', read: (f) => f.id },
  { name: 'direction', type: 'text', help: '`in`: accepted, `out`: opened by us', read: (f) => f.direction },
  { name: 'side', type: 'text', help: '`edge`: phones and trunks, `core`: our servers', read: (f) => f.side },
]

/** By name, in the order of the documentation. */
export const variables: ReadonlyMap<string, Variable> = new Map(table.map((variable) => [variable.name, variable]))

/** The table of `docs/route-script.md`. */
export function variablesMarkdown(): string {
  const rows = table.map(({ name, type, help }) => `| \`$${name}\` | ${type} | ${help} |`)
  return ['| variable | type | what it is |', '| --- | --- | --- |', ...rows].join('\n')
}

type Certificate = (facts: ConnectionFacts) => CertificateFacts | undefined

function certificateVariables(who: 'peer' | 'my', whose: string, of: Certificate): Variable[] {
  const variable = (
    name: string,
    help: string,
    read: (certificate: CertificateFacts) => string | undefined,
  ): Variable => ({
    name: `tls_${who}_${name}`,
    type: 'text',
    help: `${whose}: ${help}`,
    read(facts) {
      const certificate = of(facts)
      return certificate === undefined ? undefined : read(certificate) || undefined
    },
  })
  const names = (['subject', 'issuer'] as const).flatMap((field) => [
    variable(field, `${field} in one line, \`/C=DE/O=Example/CN=a\``, (c) => c[field]),
    ...nameParts.map(([part, attribute, words]) =>
      variable(`${field}_${part}`, `${words} (${attribute}) of the ${field}`, (c) => namePart(c[field], attribute)),
    ),
  ])
  const alternativeNames = alternativeKinds.map(([kind, label, words]) =>
    variable(`san_${kind}`, `first ${words} among its alternative names`, (c) => alternativeName(c.san, label)),
  )
  return [
    ...names,
    ...alternativeNames,
    variable('serial', 'serial number, upper-case hex', (c) => c.serial),
    variable('notBefore', 'valid from, ISO 8601', (c) => c.notBefore),
    variable('notAfter', 'valid until, ISO 8601', (c) => c.notAfter),
    variable('sha256', 'SHA-256 fingerprint, lower-case hex', (c) => c.sha256),
  ]
}

function verdict(name: string, help: string, holds: (verify: string) => boolean): Variable {
  return {
    name: `tls_peer_${name}`,
    type: 'number',
    help: `1: the peer's certificate ${help}, else 0`,
    read: (facts) => flag(facts.tls && holds(facts.tls.verify)),
  }
}

function flag(fact: boolean | undefined): number | undefined {
  return fact === undefined ? undefined : Number(fact)
}

/** Before an outgoing connect our own end has no address yet. */
function knownIp(ip: string): string | undefined {
  return ip === unknownEndpoint.ip ? undefined : ip
}

function socket(facts: ConnectionFacts): string | undefined {
  return knownIp(facts.local.ip) && `${facts.transport}:${endpointText(facts.local)}`
}

/** Names of OpenSSL carry it (`AES128`, `AES_256`), but for these two. */
function cipherBits(cipher: string | undefined): number | undefined {
  if (cipher === undefined) return undefined
  if (cipher.includes('CHACHA20')) return 256
  if (cipher.includes('3DES') || cipher.includes('DES-CBC3')) return 112
  const found = /(?:AES|ARIA|CAMELLIA)[_-]?(128|256)/.exec(cipher)
  return found === null ? undefined : Number(found[1])
}

/** Attributes of a one-line name, and alternative names: what would separate them has a backslash before it inside a value. */
const attributes = /(?:[^\\/+]|\\.)+/g
const alternatives = /(?:[^\\,]|\\.)+/g

/** The first `/CN=` and so on of `/C=DE/CN=a`. */
function namePart(name: string, attribute: string): string | undefined {
  return valueAfter(`${attribute}=`, name.match(attributes))
}

/** The first of its kind in `DNS:a.example.com, URI:sip:a`. */
function alternativeName(san: string, label: string): string | undefined {
  return valueAfter(
    `${label}:`,
    san.match(alternatives)?.map((name) => name.trimStart()),
  )
}

function valueAfter(prefix: string, parts: readonly string[] | null | undefined): string | undefined {
  const part = parts?.find((one) => one.startsWith(prefix))
  return part?.slice(prefix.length).replace(/\\([\\/+,])/g, '$1')
}
