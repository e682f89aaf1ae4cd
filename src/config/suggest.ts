/** What an operator may have meant by a key that does not exist: a near spelling, another section, an OpenSIPS name. */
import { nearest } from '../base/nearest.js'
import type { Path } from './problems.js'
import { fileSchema } from './schema.js'
import type { Setting } from './settings.js'

/** OpenSIPS parameters that have another form here. */
const opensips: Readonly<Record<string, string>> = {
  crl_dir: 'here it is crl, a file or a directory',
  crl_check_all: 'revocation lists given in crl are always checked',
  tls_library: 'TLS is that of Node.js (OpenSSL)',
  client_tls_domain_avp: 'client domains are chosen by match_ip_address and match_sip_domain',
  client_sip_domain_avp: 'client domains are chosen by match_ip_address and match_sip_domain',
  db_url: 'TLS domains come from this file',
  homer5_on: 'payloads are always JSON; see form under proto_hep.hep_id',
  homer5_delim: 'payloads are always JSON; see form under proto_hep.hep_id',
  hep_port: 'where HEP is received is collector.listen',
  hep_send_timeout: 'a slow collector only fills its queue, see hep_queue_bytes',
  hep_async: 'sending is always asynchronous',
  hep_async_max_postponed_chunks: 'the queue is limited by hep_queue_packets and hep_queue_bytes',
  hep_max_retries: 'a lost collector is tried again for ever, by itself',
  hep_retry_cooldown: 'a lost collector is tried again for ever, by itself',
  tcp_con_lifetime: 'here it is limits.tcp_connection_lifetime, in seconds',
  tcp_max_msg_time: 'here it is limits.message_timeout, in ms',
  tcp_max_connections: 'here it is limits.max_connections',
}

/** The second half of "x is not a setting…". `section` is where the key was found, at `path`. */
export function suggestion(key: string, path: Path, section: Extract<Setting, { kind: 'section' }>): string {
  const here = Object.keys(section.properties)
  const elsewhere = homes.get(key)
  if (elsewhere !== undefined) return `; it belongs ${elsewhere.map(place).join(' or ')}`
  const foreign = Object.hasOwn(opensips, key) ? opensips[key] : undefined
  if (foreign !== undefined) return `: ${foreign}`
  const near = nearest(key, here)
  if (near !== undefined) return `; did you mean ${near}?`
  const far = nearest(key, homes.keys())
  if (far !== undefined) return `; did you mean ${far}? It belongs ${(homes.get(far) ?? []).map(place).join(' or ')}`
  return `; ${path.length === 0 ? 'the file' : path.join('.')} may have ${here.join(', ')}`
}

function place(home: string): string {
  return home === '' ? 'at the top of the file' : `under ${home}`
}

/** Every key of the schema, with the sections it belongs to. */
const homes: ReadonlyMap<string, readonly string[]> = collect(fileSchema, '', new Map())

function collect(setting: Setting, path: string, into: Map<string, string[]>): Map<string, string[]> {
  if (setting.kind === 'list') collect(setting.item, path, into)
  if (setting.kind === 'either') collect(setting.section, path, into)
  if (setting.kind === 'section') {
    for (const [key, property] of Object.entries(setting.properties)) {
      into.set(key, [...(into.get(key) ?? []), path])
      collect(property, path === '' ? key : `${path}.${key}`, into)
    }
  }
  return into
}
