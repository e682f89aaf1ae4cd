/**
 * A capture file in the making: takes messages and the fate of their connections in the order of time, and gives
 * blocks of pcapng. Each connection is a conversation with its facts beside its first packet. Reads no store and waits
 * for nobody; what it holds grows with the connections it shows, and is bounded.
 */
import { endpointText } from '../../base/address.js'
import type { ClosedView, ConnectionRow, Time, TimelineEntry } from '../../base/live.js'
import type { RawMessage } from '../messages/stored.js'
import { Conversation, type Frame, type Parties, type Party } from './conversation.js'
import { remarkFrame } from './frame.js'
import { decryptionSecrets, enhancedPacket, interfaceDescription, nameResolution, sectionHeader } from './pcapng.js'

/** Something that happened to a connection after it was made: an error, or its end. */
export interface Happening {
  readonly connId: string
  /** Unix time */
  readonly micros: number
  readonly event: 'ERROR' | 'CLOSED'
  readonly status: 'SUCCESS' | 'FAILURE'
  readonly cause: string | undefined
  readonly message: string
  /** only of CLOSED */
  readonly by: string | undefined
}

export interface ConnectionSource {
  /** live, or closed lately */
  connection(id: string): ConnectionRow | undefined
  /** of a closed connection */
  timeline(id: string): readonly TimelineEntry[]
  /** SECRET. Lines of the key log of a connection, where they are held */
  keylog(id: string): readonly string[]
}

export interface RecordingOptions {
  /** of hepgate */
  readonly version: string
  /** the handshake of a connection stands where it was opened; else just before its first message in the file */
  readonly fromOpening: boolean
  readonly keys: boolean
}

interface Recorded {
  readonly conversation: Conversation
  readonly interfaceId: number
  /** our end; undefined: nobody knows, or it is a conversation of others */
  readonly own: Party | undefined
}

const interfaces = [
  { name: 'edge', description: 'decrypted SIP of phones, trunks and the internet' },
  { name: 'core', description: 'SIP of our own servers' },
  { name: 'other', description: 'SIP of other capture agents, and of connections forgotten meanwhile' },
] as const
const interfaceIds = { edge: 0, core: 1, other: 2 } as const

/** About 1 KB each. Of more than these the oldest are forgotten; their next message opens them again in the file. */
const maxConversations = 20_000

const madeUp =
  'hepgate made this packet: it knows the messages, not the segments. Handshake, acknowledgements and end are synthesised, ' +
  'and what passed before the connection was traced is not here.'

export class Recording {
  readonly #source: ConnectionSource
  readonly #options: RecordingOptions
  readonly #conversations = new Map<string, Recorded>()
  /** `ip name` of the names already in the file */
  readonly #named = new Set<string>()
  /** of connections in the file that are closed already, by time: told when the messages have come so far */
  readonly #due: Happening[] = []
  #blocks: Buffer[] = []
  #bytes = 0
  #latest = 0
  #latestMicros = 0

  constructor(source: ConnectionSource, options: RecordingOptions) {
    this.#source = source
    this.#options = options
    const application = `hepgate ${options.version}`
    this.#add(sectionHeader({ hardware: process.arch, os: process.platform, application }))
    for (const { name, description } of interfaces) this.#add(interfaceDescription(name, description))
  }

  /** waiting to be taken */
  get bytes(): number {
    return this.#bytes
  }

  /** the greatest number of a message in it */
  get latest(): number {
    return this.#latest
  }

  message(message: RawMessage): void {
    this.#latest = Math.max(this.#latest, message.n)
    this.#settle(message.micros)
    const key = keyOf(message)
    const recorded = this.#conversations.get(key) ?? this.#begin(key, message)
    this.#write(recorded, recorded.conversation.message(message.source, message.micros, message.bytes))
  }

  /** Of connections that are not in the file nothing is told. */
  happened(happening: Happening): void {
    const { connId, micros } = happening
    const recorded = this.#conversations.get(connId)
    if (recorded === undefined) return
    const { conversation, own } = recorded
    conversation.note(happeningText(happening))
    if (happening.event !== 'CLOSED') return
    this.#conversations.delete(connId)
    const by = happening.by === 'peer' && own !== undefined ? otherParty(own) : (own ?? 'initiator')
    const failed = happening.status === 'FAILURE'
    this.#write(recorded, failed ? conversation.reset(micros, by) : conversation.close(micros, by))
  }

  /** No message is left: what happened after the last one is told. */
  settle(): void {
    this.#settle(Number.POSITIVE_INFINITY)
  }

  /** A word to the reader, as a packet of its own. */
  remark(text: string): void {
    const bytes = remarkFrame(text)
    const micros = this.#latestMicros
    this.#add(
      enhancedPacket({ interfaceId: interfaceIds.other, micros, bytes, direction: undefined, comments: [text] }),
    )
  }

  /** What has been written since the last call. */
  take(): Buffer {
    const taken = Buffer.concat(this.#blocks)
    this.#blocks = []
    this.#bytes = 0
    return taken
  }

  #begin(key: string, message: RawMessage): Recorded {
    const row = message.connId === undefined ? undefined : this.#source.connection(message.connId)
    const parties = partiesOf(message, row)
    const recorded: Recorded = {
      // n: the same ports may meet again, and then need other sequence numbers
      conversation: new Conversation(parties, message.transport === 'udp', `${key} ${message.n}`),
      interfaceId: interfaceIds[row?.side ?? 'other'],
      own: row === undefined ? undefined : row.direction === 'in' ? 'responder' : 'initiator',
    }
    this.#keep(key, recorded)
    if (row !== undefined) this.#introduce(row, parties, recorded.conversation)
    if (message.transport !== 'udp') recorded.conversation.note(madeUp)
    const opened = row !== undefined && this.#options.fromOpening ? microsOf(row.opened_at, '0') : message.micros
    this.#write(recorded, recorded.conversation.open(Math.min(opened, message.micros)))
    return recorded
  }

  #keep(key: string, recorded: Recorded): void {
    this.#conversations.set(key, recorded)
    if (this.#conversations.size <= maxConversations) return
    for (const oldest of this.#conversations.keys()) {
      this.#conversations.delete(oldest)
      return
    }
  }

  /** What is known of the connection, before its first packet. */
  #introduce(row: ConnectionRow, parties: Parties, conversation: Conversation): void {
    this.#name(row, parties)
    const keylog = this.#options.keys ? this.#source.keylog(row.conn_id) : []
    if (keylog.length > 0) this.#add(decryptionSecrets(keylog))
    conversation.note(connectionText(row))
    if (row.closed === undefined) return // what happens to a live one comes by itself
    this.#due.push(...happeningsOf(row.conn_id, row.closed, this.#source.timeline(row.conn_id)))
    this.#due.sort((a, b) => a.micros - b.micros)
  }

  /**
   * A peer is called what its verified certificate says, and a server also what we asked for. Our own end is ours, whatever
   * name a client asked for; and an address that is both ends of a connection has no name that would tell them apart.
   */
  #name(row: ConnectionRow, { initiator, responder }: Parties): void {
    if (initiator.ip === responder.ip) return
    const isOut = row.direction === 'out'
    const [own, peer] = isOut ? [initiator, responder] : [responder, initiator]
    const asked = isOut && row.tls_sni !== undefined ? [row.tls_sni] : []
    const names = [
      { ip: own.ip, names: ['hepgate'] },
      { ip: peer.ip, names: hostNames([...asked, ...row.peer_identities]) },
    ]
    for (const { ip, names: all } of names) {
      const fresh = all.filter((name) => !this.#named.has(`${ip} ${name}`))
      if (fresh.length === 0 || this.#named.size >= maxConversations) continue
      for (const name of fresh) this.#named.add(`${ip} ${name}`)
      this.#add(nameResolution([{ ip, names: fresh }]))
    }
  }

  #settle(untilMicros: number): void {
    while (this.#due.length > 0 && this.#due[0]!.micros <= untilMicros) this.happened(this.#due.shift()!)
  }

  #write(recorded: Recorded, frames: readonly Frame[]): void {
    const { interfaceId, own } = recorded
    for (const { micros, bytes, comments, from } of frames) {
      const direction = own === undefined ? undefined : from === own ? 'out' : 'in'
      this.#add(enhancedPacket({ interfaceId, micros, bytes, direction, comments }))
      this.#latestMicros = micros
    }
  }

  #add(block: Buffer): void {
    this.#blocks.push(block)
    this.#bytes += block.length
  }
}

/** Other agents name no connection: whoever speaks between two ports is one. */
function keyOf({ connId, transport, source, destination }: RawMessage): string {
  return connId ?? [transport, ...[endpointText(source), endpointText(destination)].sort()].join(' ')
}

/** Of a connection that is not known whoever speaks first is taken for the one who opened it. */
function partiesOf({ source, destination }: RawMessage, row: ConnectionRow | undefined): Parties {
  const fromPeer = row !== undefined && endpointText(source) === row.peer
  const fromInitiator = row === undefined || fromPeer === (row.direction === 'in')
  return fromInitiator ? { initiator: source, responder: destination } : { initiator: destination, responder: source }
}

function otherParty(party: Party): Party {
  return party === 'initiator' ? 'responder' : 'initiator'
}

function happeningsOf(connId: string, { by }: ClosedView, timeline: readonly TimelineEntry[]): Happening[] {
  const happenings: Happening[] = []
  for (const { at, event, status, cause, message } of timeline) {
    if (event !== 'ERROR' && event !== 'CLOSED') continue
    happenings.push({ connId, micros: microsOf(at, '9'), event, status, cause, message, by })
  }
  return happenings
}

function happeningText({ event, status, cause, message }: Happening): string {
  return clean([event, status, cause === undefined ? message : `${cause}: ${message}`].join(' '))
}

/** One fact per line, what is not known left out. */
function connectionText(row: ConnectionRow): string {
  const certificate = row.peer_certificate
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['conn_id', row.conn_id],
    ['opened', row.opened_at],
    ['direction', `${row.direction}, ${row.side} side`],
    ['behind', row.proxied_by],
    ['listener', row.listener],
    ['domain', row.domain],
    ['SNI', row.tls_sni],
    ['TLS', row.tls_version === undefined ? undefined : `${row.tls_version} ${row.tls_cipher ?? ''}`.trimEnd()],
    ['JA4', row.ja4],
    ['peer certificate', certificate?.subject],
    ['valid until', certificate?.not_after],
    ['SHA-256', certificate?.sha256],
    ['verify', row.verify],
  ]
  const known = facts.filter(([, value]) => value !== undefined)
  return known.map(([label, value]) => `${label}: ${clean(value as string)}`).join('\n')
}

/** SNI and names in certificates are words of the peer: what no host name can be does not become one. */
function hostNames(names: readonly string[]): string[] {
  return names.filter((name) => /^[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9_])?$/i.test(name))
}

/** Nor does a word of the peer turn round what stands behind it. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '\ufffd')
}

/** Unix time in µs. A text with ms only stands for the first µs of that ms, or the last: `fill` 0 or 9. */
function microsOf(time: Time, fill: '0' | '9'): number {
  const digits = /\.(\d{1,6})/.exec(time)?.[1] ?? ''
  return Math.floor(Date.parse(time) / 1000) * 1_000_000 + Number(digits.padEnd(6, fill))
}
