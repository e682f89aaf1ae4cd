/** Parameters and global settings with a counterpart here, most of them by the same name, and why others have none. */
import { levelOfNumber } from '../../base/log.js'
import { type Draft, put, type Scalars } from './draft.js'
import type { Notes } from './notes.js'
import type { Assignment, Modparam } from './statements.js'

/** A parameter that becomes a setting of `section`, if that has one of its name. */
export function addParameter({ at, name, value }: Modparam, section: Scalars, draft: Draft, notes: Notes): void {
  const reason = Object.hasOwn(withoutCounterpart, name) ? withoutCounterpart[name] : undefined
  const problem = reason ?? put(draft, section, name, value)
  if (problem !== undefined) notes.add(at, `${section}: ${name} is left out: ${problem}`)
}

const collectorRetries = 'a collector that is lost is tried again for ever, by itself'
const ownQueue = 'sending never waits; the queue is limited by hep_queue_packets and hep_queue_bytes'

const withoutCounterpart: Readonly<Record<string, string>> = {
  hep_port: 'where HEP is received is collector.listen',
  hep_send_timeout: ownQueue,
  hep_max_msg_chunks: 'it is about receiving HEP',
  hep_async: ownQueue,
  hep_async_max_postponed_chunks: ownQueue,
  hep_async_local_connect_timeout: ownQueue,
  hep_async_local_write_timeout: ownQueue,
  hep_max_retries: collectorRetries,
  hep_retry_cooldown: collectorRetries,
  homer5_on: 'payloads are always JSON; see form under proto_hep.hep_id',
  homer5_delim: 'payloads are always JSON; see form under proto_hep.hep_id',
  compressed_payload: 'collectors do not decode it',
}

/** Global settings besides sockets. `place` says where one stands that is only named in a list. */
export function addGlobals(
  assignments: readonly Assignment[],
  draft: Draft,
  notes: Notes,
  place: (at: number) => string,
): void {
  const others: string[] = []
  for (const { at, name, value } of assignments) {
    const counterpart = Object.hasOwn(counterparts, name) ? counterparts[name] : undefined
    if (typeof counterpart === 'string') notes.add(at, `${name} is left out: ${counterpart}`)
    else if (counterpart === undefined) others.push(`${name} (${place(at)})`)
    else {
      const { section, key, convert } = counterpart
      const text = value.map((token) => token.value).join(' ')
      const problem = put(draft, section, key, convert?.(text) ?? text)
      if (problem !== undefined) notes.add(at, `${name} is left out: ${problem}`)
    }
  }
  if (others.length > 0) notes.addGeneral(`Left out, being about OpenSIPS itself: ${others.join(', ')}.`)
}

interface Counterpart {
  readonly section: Scalars
  readonly key: string
  /** the text of the value, as we write it; undefined leaves it as it is */
  readonly convert?: (text: string) => string | undefined
}

const systemProbes = 'the system decides; limits.tcp_keepalive and limits.tcp_keepidle exist'
const beforeModules = 'TLS settings of OpenSIPS 1 are not read; those of 2.1 and later are parameters of tls_mgm'

const counterparts: Readonly<Record<string, Counterpart | string>> = {
  tcp_connection_lifetime: { section: 'limits', key: 'tcp_connection_lifetime' },
  tcp_max_connections: { section: 'limits', key: 'max_connections' },
  // seconds there, ms here
  tcp_max_msg_time: { section: 'limits', key: 'message_timeout', convert: (text) => String(Number(text) * 1000) },
  tcp_keepalive: { section: 'limits', key: 'tcp_keepalive' },
  tcp_keepidle: { section: 'limits', key: 'tcp_keepidle' },
  tcp_connect_timeout: { section: 'relay', key: 'connect_timeout' },
  log_level: { section: 'log', key: 'level', convert: logLevel },
  tcp_keepcount: systemProbes,
  tcp_keepinterval: systemProbes,
  tcp_accept_aliases: 'see alias under tls_mgm.client_domain (RFC 5923), which needs a certificate that vouches for it',
  alias: 'names of this gateway are those of its sockets: write AS NAME behind one',
  tls_port_no: beforeModules,
  disable_tls: beforeModules,
  tls_certificate: beforeModules,
  tls_private_key: beforeModules,
  tls_ca_list: beforeModules,
  tls_method: beforeModules,
  tls_verify_server: beforeModules,
  tls_verify_client: beforeModules,
  tls_require_client_certificate: beforeModules,
}

function logLevel(text: string): string | undefined {
  const level = Number(text)
  return Number.isInteger(level) ? levelOfNumber(level) : undefined
}
