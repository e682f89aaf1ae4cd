/** What trace/ is given in its tests: facts of a connection, sinks that remember, a clock and timers that stand still. */
import type {
  CertificateFacts,
  ConnectionEvent,
  ConnectionEventName,
  ConnectionFacts,
} from '../../../src/base/facts.js'
import type { Log } from '../../../src/base/log.js'
import type { Timer, Timers } from '../../../src/base/timers.js'
import type { TracedEvent } from '../../../src/trace/event.js'
import type { TracedLeg, TraceSinks } from '../../../src/trace/sinks.js'

export const startMicros = 1_800_000_000_000_000

export const clientRandomLine = `CLIENT_RANDOM ${'c1'.repeat(32)} ${'5e'.repeat(48)}`
export const trafficSecretLine = `SERVER_TRAFFIC_SECRET_0 ${'c1'.repeat(32)} ${'7a'.repeat(48)}`

export function certificate(cn: string): CertificateFacts {
  return {
    subject: `/C=DE/O=Example/CN=${cn}`,
    issuer: '/O=Example/CN=Example CA',
    serial: '0A1B2C',
    san: `DNS:${cn}, URI:sip:${cn}, email:admin@${cn}, IP:192.0.2.7`,
    notBefore: '2026-01-01T00:00:00Z',
    notAfter: '2027-01-01T00:00:00Z',
    sha256: 'ab'.repeat(32),
  }
}

let ids = 0

/** An accepted TLS 1.3 connection after its handshake, of which everything is known. */
export function connection(changes: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return {
    id: String(2252299864357336000 + ids++ * 1024),
    direction: 'in',
    transport: 'tls',
    side: 'edge',
    local: { ip: '192.0.2.1', port: 5061 },
    peer: { ip: '203.0.113.9', port: 50412 },
    proxiedBy: undefined,
    listener: 'tls:192.0.2.1:5061',
    openedMicros: startMicros,
    domain: 'default',
    sni: 'sip.example.com',
    hello: {
      sni: 'sip.example.com',
      alpn: ['sip/2', 'http/1.1'],
      versions: ['TLSv1.3', 'TLSv1.2'],
      ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1',
    },
    tls: {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      alpn: 'sip/2',
      resumed: false,
      group: 'X25519',
      verify: 'ok',
      nameVerdict: 'ok',
    },
    ownCertificate: certificate('sip.example.com'),
    peerCertificate: certificate('phone.example.com'),
    peerIdentities: ['phone.example.com'],
    trusted: true,
    users: [],
    keylog: [clientRandomLine, trafficSecretLine],
    connectMs: undefined,
    handshakeMs: 12.4,
    bytesIn: 1000,
    bytesOut: 2000,
    messagesIn: 3,
    messagesOut: 4,
    relayedTo: undefined,
    closed: undefined,
    trace: undefined,
    span: undefined,
    ...changes,
  }
}

/** As it is when the ClientHello has not come yet. */
export function opening(changes: Partial<ConnectionFacts> = {}): ConnectionFacts {
  return connection({
    domain: undefined,
    sni: undefined,
    hello: undefined,
    tls: undefined,
    ownCertificate: undefined,
    peerCertificate: undefined,
    peerIdentities: [],
    trusted: undefined,
    keylog: [],
    handshakeMs: undefined,
    ...changes,
  })
}

export function success(name: ConnectionEventName, facts: ConnectionFacts): ConnectionEvent {
  return { name, status: 'SUCCESS', cause: undefined, message: `${name} happened`, facts }
}

export function failed(name: ConnectionEventName, facts: ConnectionFacts): ConnectionEvent {
  return { name, status: 'FAILURE', cause: 'peer-reset', message: 'the peer reset the connection', facts }
}

export interface SentSip {
  readonly leg: TracedLeg
  readonly micros: number
  readonly message: string
  readonly callId: string
}

export class FakeSinks implements TraceSinks {
  configured = true
  /** what came, in order */
  readonly all: (TracedEvent | SentSip)[] = []
  fail: Error | undefined

  event(event: TracedEvent): void {
    if (this.fail !== undefined) throw this.fail
    this.all.push({ ...event })
  }

  sip(leg: TracedLeg, micros: number, buf: Buffer, start: number, end: number, idStart: number, idEnd: number): void {
    if (this.fail !== undefined) throw this.fail
    this.all.push({
      leg,
      micros,
      message: buf.toString('latin1', start, end),
      callId: buf.toString('utf8', idStart, idEnd),
    })
  }

  get events(): TracedEvent[] {
    return this.all.filter((one) => 'record' in one)
  }

  get messages(): SentSip[] {
    return this.all.filter((one) => 'callId' in one)
  }

  /** names of the events, `TLS_SESSION` for those records */
  get names(): string[] {
    return this.events.map((event) => (event.record === 'tls-session' ? 'TLS_SESSION' : event.name))
  }
}

/** Timers and a clock that move when told. */
export class FakeTime implements Timers {
  micros = startMicros
  #waiting: { at: number; run: () => void }[] = []
  #soon: (() => void)[] = []

  readonly clock = (): number => this.micros

  after(ms: number, run: () => void): Timer {
    if (ms > 2 ** 31 - 1) throw new Error(`Node would fire a timer of ${ms} ms at once`)
    const timer = { at: this.micros + ms * 1000, run }
    this.#waiting.push(timer)
    return {
      cancel: () => {
        this.#waiting = this.#waiting.filter((other) => other !== timer)
      },
    }
  }

  soon(run: () => void): void {
    this.#soon.push(run)
  }

  pass(ms: number): void {
    const end = this.micros + ms * 1000
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#waiting = this.#waiting.filter((other) => other !== next)
      this.micros = Math.max(this.micros, next.at)
      next.run()
    }
    this.micros = end
  }

  /** Runs one turn of what was put off. */
  async turn(): Promise<void> {
    for (const run of this.#soon.splice(0)) run()
    await new Promise<void>((resolve) => setImmediate(resolve))
  }

  get waiting(): number {
    return this.#waiting.length
  }

  #next(end: number): { at: number; run: () => void } | undefined {
    return this.#waiting.filter((timer) => timer.at <= end).toSorted((a, b) => a.at - b.at)[0]
  }
}

export interface LogLine {
  readonly level: keyof Log
  readonly fields: Record<string, unknown>
  readonly message: string
}

export class FakeLog implements Log {
  readonly lines: LogLine[] = []
  readonly debug = this.#at('debug')
  readonly info = this.#at('info')
  readonly warn = this.#at('warn')
  readonly error = this.#at('error')

  at(level: keyof Log): LogLine[] {
    return this.lines.filter((line) => line.level === level)
  }

  #at(level: keyof Log): (fields: object, message: string) => void {
    return (fields, message) => {
      this.lines.push({ level, fields: { ...fields }, message })
    }
  }
}

/** A message and where its Call-ID is, as the framer tells it. */
export interface Message {
  readonly buf: Buffer
  readonly start: number
  readonly end: number
  readonly idStart: number
  readonly idEnd: number
}

/** `around`: what stands before and behind the Call-ID. */
export function sipMessage(callId: string, around: readonly [string, string] = options): Message {
  const junk = 'junk before|'
  const before = Buffer.from(`${junk}${around[0]}`)
  const id = Buffer.from(callId)
  const behind = 'To: junk <sip:of@another.message>\r\n\r\n'
  const buf = Buffer.concat([before, id, Buffer.from(`${around[1]}${behind}`)])
  const [idStart, idEnd] = [before.length, before.length + id.length]
  return { buf, start: junk.length, end: buf.length - behind.length, idStart, idEnd }
}

const options = ['OPTIONS sip:a@b SIP/2.0\r\nCall-ID: ', '\r\nCSeq: 1 OPTIONS\r\n\r\n'] as const

export interface Call {
  readonly callId?: string
  readonly from?: string
  readonly to?: string
  /** the first line */
  readonly first?: string
}

/** A message of a call between two users. */
export function between({ callId = 'call@h', from = 'alice', to = 'bob', first }: Call): Message {
  const line = first ?? `INVITE sip:${to}@192.0.2.7 SIP/2.0`
  return sipMessage(callId, [
    `${line}\r\nFrom: "A" <sip:${from}@example.com>;tag=a\r\nt: sip:${to}@Example.COM\r\nCall-ID: `,
    '\r\nCSeq: 1 INVITE\r\nContent-Length: 23\r\n\r\nFrom: <sip:body@b.body>',
  ])
}
