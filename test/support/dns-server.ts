/**
 * A DNS server on loopback that knows the records it is given: authoritative, over UDP, without
 * recursion, EDNS or compression (RFC 1035 §4). For the tests of what asks DNS.
 */
import { createSocket, type Socket } from 'node:dgram'
import { inetBytes } from '../../src/base/inet.js'
import type { Scope } from './scope.js'

export type DnsRecord = { readonly name: string /** SECONDS; 60 where none is given */; readonly ttl?: number } & (
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | {
      readonly type: 'SRV'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: string
    }
  | {
      readonly type: 'NAPTR'
      readonly order: number
      readonly preference: number
      readonly flags: string
      readonly service: string
      readonly replacement: string
    }
)

/** What happens to a question. */
export type Treatment = 'answer' | 'silence' | 'server-failure'

const types: Readonly<Record<DnsRecord['type'], number>> = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 }
const typeNames = new Map(Object.entries(types).map(([name, code]) => [code, name]))
const headerLength = 12
const responseCode = { ok: 0, serverFailure: 2, noSuchName: 3 } as const

interface Query {
  readonly id: number
  readonly name: string
  readonly type: number
  /** the question section as it came, to be given back */
  readonly question: Buffer
}

export class DnsServer {
  records: readonly DnsRecord[]
  /** asked about each question, `SRV _sips._tcp.example.com` */
  treatment: (question: string) => Treatment = () => 'answer'
  /** every question that came, in order, those it was silent about too */
  readonly asked: string[] = []
  readonly #socket: Socket

  private constructor(socket: Socket, records: readonly DnsRecord[]) {
    this.#socket = socket
    this.records = records
    socket.on('message', (packet, from) => {
      const answer = this.#answer(readQuery(packet))
      if (answer !== undefined) socket.send(answer, from.port, from.address)
    })
  }

  static async start(t: Scope, records: readonly DnsRecord[] = []): Promise<DnsServer> {
    const socket = createSocket('udp4')
    await new Promise<void>((done, fail) => {
      socket.once('error', fail)
      socket.bind(0, '127.0.0.1', done)
    })
    t.after(() => new Promise<void>((done) => socket.close(() => done())))
    return new DnsServer(socket, records)
  }

  /** For `relay.dns_server`, or the servers of a `Resolver`. */
  get address(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.#socket.address().port }
  }

  #answer(query: Query): Buffer | undefined {
    const question = `${typeNames.get(query.type) ?? query.type} ${query.name}`
    this.asked.push(question)
    switch (this.treatment(question)) {
      case 'silence':
        return undefined
      case 'server-failure':
        return response(query, responseCode.serverFailure, [])
      case 'answer': {
        const ofName = this.records.filter(({ name }) => name.toLowerCase() === query.name)
        const found = ofName.filter(({ type }) => types[type] === query.type)
        return response(query, ofName.length > 0 ? responseCode.ok : responseCode.noSuchName, found)
      }
    }
  }
}

function readQuery(packet: Buffer): Query {
  const labels: string[] = []
  let at = headerLength
  while (packet[at] !== 0) {
    const length = packet.readUInt8(at)
    labels.push(packet.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return {
    id: packet.readUInt16BE(0),
    name: labels.join('.').toLowerCase(),
    type: packet.readUInt16BE(at + 1),
    question: packet.subarray(headerLength, at + 5),
  }
}

function response(query: Query, code: number, records: readonly DnsRecord[]): Buffer {
  const header = Buffer.alloc(headerLength)
  header.writeUInt16BE(query.id, 0)
  header.writeUInt16BE(0x8580 | code, 2) // QR, AA, RD, RA
  header.writeUInt16BE(1, 4)
  header.writeUInt16BE(records.length, 6)
  return Buffer.concat([header, query.question, ...records.map(recordBytes)])
}

function recordBytes(record: DnsRecord): Buffer {
  const data = recordData(record)
  const fixed = Buffer.alloc(10)
  fixed.writeUInt16BE(types[record.type], 0)
  fixed.writeUInt16BE(1, 2) // IN
  fixed.writeUInt32BE(record.ttl ?? 60, 4)
  fixed.writeUInt16BE(data.length, 8)
  return Buffer.concat([nameBytes(record.name), fixed, data])
}

function recordData(record: DnsRecord): Buffer {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return inetBytes(record.address)
    case 'SRV':
      return Buffer.concat([...[record.priority, record.weight, record.port].map(number16), nameBytes(record.target)])
    case 'NAPTR':
      return Buffer.concat([
        ...[record.order, record.preference].map(number16),
        ...[record.flags, record.service, ''].map(characterString),
        nameBytes(record.replacement),
      ])
  }
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '')
  return Buffer.concat([...labels.map(characterString), Buffer.of(0)])
}

function characterString(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text, 'latin1')])
}

function number16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff)
}
