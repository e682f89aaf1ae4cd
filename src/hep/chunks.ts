/**
 * The one table of HEP v3 chunks (specification revision 37, and the chunk OpenSIPS adds), with the
 * registries of protocol types and IP protocol ids. Encoder, decoder and whoever prints a packet read
 * it. It holds names and sizes only.
 *
 *     packet:  "HEP3"  total length (2)  chunk chunk …
 *     chunk:   vendor (2)  type (2)  length (2)  value …
 *
 * Both lengths count the octets in front of them too; all numbers are big endian.
 */

export const magic = Buffer.from('HEP3', 'latin1')
/** magic and total length */
export const headerBytes = 6
/** vendor, type and length of a chunk */
export const chunkHeadBytes = 6

export type ChunkKind = 'uint8' | 'uint16' | 'uint32' | 'uint64' | 'inet4' | 'inet6' | 'octets'

export interface ChunkEntry {
  readonly type: number
  /** as the specification says it, for people */
  readonly name: string
  readonly kind: ChunkKind
}

/** Chunks of vendor 0x0000. */
export const chunks = {
  family: { type: 0x0001, name: 'IP protocol family', kind: 'uint8' },
  protocol: { type: 0x0002, name: 'IP protocol id', kind: 'uint8' },
  source4: { type: 0x0003, name: 'IPv4 source address', kind: 'inet4' },
  destination4: { type: 0x0004, name: 'IPv4 destination address', kind: 'inet4' },
  source6: { type: 0x0005, name: 'IPv6 source address', kind: 'inet6' },
  destination6: { type: 0x0006, name: 'IPv6 destination address', kind: 'inet6' },
  sourcePort: { type: 0x0007, name: 'source port', kind: 'uint16' },
  destinationPort: { type: 0x0008, name: 'destination port', kind: 'uint16' },
  seconds: { type: 0x0009, name: 'timestamp, seconds', kind: 'uint32' },
  micros: { type: 0x000a, name: 'timestamp, microseconds', kind: 'uint32' },
  protocolType: { type: 0x000b, name: 'protocol type', kind: 'uint8' },
  captureId: { type: 0x000c, name: 'capture agent id', kind: 'uint32' },
  keepAlive: { type: 0x000d, name: 'keep alive timer, seconds', kind: 'uint16' },
  authKey: { type: 0x000e, name: 'authenticate key', kind: 'octets' },
  payload: { type: 0x000f, name: 'captured packet payload', kind: 'octets' },
  /** No collector decodes it: never sent. */
  compressedPayload: { type: 0x0010, name: 'captured compressed payload', kind: 'octets' },
  correlationId: { type: 0x0011, name: 'internal correlation id', kind: 'octets' },
  vlan: { type: 0x0012, name: 'VLAN id', kind: 'uint16' },
  nodeName: { type: 0x0013, name: 'capture agent name', kind: 'octets' },
  sourceMac: { type: 0x0014, name: 'source MAC', kind: 'uint64' },
  destinationMac: { type: 0x0015, name: 'destination MAC', kind: 'uint64' },
  etherType: { type: 0x0016, name: 'Ethernet type', kind: 'uint16' },
  tcpFlags: { type: 0x0017, name: 'TCP flags', kind: 'uint8' },
  ipTos: { type: 0x0018, name: 'IP TOS', kind: 'uint8' },
  mos: { type: 0x0020, name: 'MOS value', kind: 'uint16' },
  rFactor: { type: 0x0021, name: 'R factor', kind: 'uint16' },
  geoLocation: { type: 0x0022, name: 'geo location', kind: 'octets' },
  jitter: { type: 0x0023, name: 'jitter', kind: 'uint32' },
  /** hep-js reads it as a number; the specification says octets. */
  transactionType: { type: 0x0024, name: 'transaction type', kind: 'octets' },
  payloadJsonKeys: { type: 0x0025, name: 'payload JSON keys', kind: 'octets' },
  tagValues: { type: 0x0026, name: 'values of tags', kind: 'octets' },
  tagType: { type: 0x0027, name: 'type of tag', kind: 'uint16' },
  eventType: { type: 0x0028, name: 'event type', kind: 'uint16' },
  groupId: { type: 0x0029, name: 'group id', kind: 'octets' },
  /** Not in the specification: OpenSIPS sends `{"net":"<connection id>"}` here with `homer5_on=0`. */
  extraCorrelation: { type: 0x0065, name: 'extra correlation (OpenSIPS)', kind: 'octets' },
} as const satisfies Record<string, ChunkEntry>

/** Octets of a value of fixed length; 0: any length. */
export const kindBytes: Readonly<Record<ChunkKind, number>> = {
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  inet4: 4,
  inet6: 16,
  octets: 0,
}

const byType: ReadonlyMap<number, ChunkEntry> = new Map(Object.values(chunks).map((entry) => [entry.type, entry]))

/** The entry of a chunk of vendor 0x0000. */
export function chunkEntry(type: number): ChunkEntry | undefined {
  return byType.get(type)
}

/** Chunk 0x0001: AF_INET and AF_INET6 as Linux numbers them. */
export const families = { ipv4: 2, ipv6: 10 } as const

/** Chunk 0x000b. Those marked * are not in the specification but in use. */
export const protocolTypes = {
  sip: 1,
  xmpp: 2,
  sdp: 3,
  rtp: 4,
  rtcpJson: 5,
  mgcp: 6,
  megaco: 7,
  m2ua: 8,
  m3ua: 9,
  iax: 10,
  h322: 11,
  h321: 12,
  m2pa: 13,
  /** * RTCP-XR or QoS report (hep-js, Kamailio) */
  rtcpXr: 32,
  mosFullJson: 34,
  mosShortJson: 35,
  sipJson: 50,
  dnsJson: 53,
  m3uaJson: 54,
  rtspJson: 55,
  diameterJson: 56,
  gsmMapJson: 57,
  rtcpPion: 58,
  cdr: 60,
  verto: 61,
  /** * OpenSIPS management interface */
  mi: 87,
  /** * OpenSIPS REST */
  rest: 88,
  /** * OpenSIPS transport events: connections opened, closed, failed */
  net: 89,
  /** * OpenSIPS control */
  control: 96,
  /** * QoS report (Kamailio) */
  qos: 99,
  /** * log lines: shown in the call flow by Homer 7 and 11 without any mapping */
  log: 100,
  /** * JSON with a transaction type (hep-js) */
  json: 101,
} as const

/** Chunk 0x0002. 22 and 50 are conventions of OpenSIPS and Kamailio: no IP protocol says "TLS". */
export const ipProtocols = { tcp: 6, udp: 17, tls: 22, ws: 50, sctp: 132 } as const

const typeNames: ReadonlyMap<number, string> = new Map(Object.entries(protocolTypes).map(([name, id]) => [id, name]))
const protocolNames: ReadonlyMap<number, string> = new Map(Object.entries(ipProtocols).map(([name, id]) => [id, name]))

/** `sip`, `net`, `log`, …; the number where it has no name. */
export function protocolTypeName(type: number): string {
  return typeNames.get(type) ?? String(type)
}

/** `tls`, `tcp`, `udp`, …; the number where it has no name. */
export function ipProtocolName(protocol: number): string {
  return protocolNames.get(protocol) ?? String(protocol)
}
