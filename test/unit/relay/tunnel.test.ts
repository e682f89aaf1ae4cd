import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { arrivalMs, channels, type MessageSeen, noteArrival } from '../../../src/base/channels.js'
import type { CloseFacts } from '../../../src/base/facts.js'
import { openTunnel, type TunnelOptions } from '../../../src/relay/tunnel.js'
import { Upstream } from '../../../src/relay/upstreams.js'
import { type Connection, pauseReasons } from '../../../src/tls/connection.js'
import type { Connector } from '../../../src/tls/connector.js'
import type { ConnectionHandler } from '../../../src/tls/handler.js'
import { MessageCounters } from '../../../src/tls/message-counters.js'
import type { Tap } from '../../../src/trace/tap.js'

/** A connection as far as a tunnel knows it, without a socket. */
class Leg {
  state = 'open'
  pausedFor = 0
  handler: ConnectionHandler | undefined
  /** of the message that is received */
  callIdStart = 0
  callIdEnd = 0
  readonly facts
  readonly written: string[] = []
  readonly untaken: (() => void)[] = []

  constructor(id = 'leg') {
    this.facts = {
      id,
      relayedTo: undefined as string | undefined,
      closed: undefined as Partial<CloseFacts> | undefined,
    }
  }

  /** As one that is being opened, to which nothing was written yet. */
  fails(): void {
    this.facts.closed = { cause: 'connect-refused', message: 'connection refused' }
    this.handler!.onClosed()
  }

  takePostponed() {
    const bytes = this.written.splice(0).map((text) => Buffer.from(text))
    return { bytes, messages: bytes.length }
  }

  pause(reason: number): void {
    this.pausedFor |= reason
  }

  resume(reason: number): void {
    this.pausedFor &= ~reason
  }

  write(bytes: Buffer, _messages: number, whenTaken?: () => void): boolean {
    this.written.push(bytes.toString())
    if (whenTaken !== undefined) this.untaken.push(whenTaken)
    return true
  }

  end(): void {}
}

/** `more`: further upstreams, each tried when the one before it fails. */
function tunnel(async: boolean, ...more: Leg[]): { client: Leg; core: Leg } {
  const client = new Leg('client')
  const core = new Leg('core')
  const cores = [core, ...more]
  const toOpen = [...cores]
  const options: TunnelOptions = {
    connector: {
      open(_target: unknown, handler: ConnectionHandler) {
        const next = toOpen.shift()!
        next.handler = handler
        return next
      },
    } as unknown as Connector,
    upstreams: () =>
      cores.map((_, i) => {
        const host = `192.0.2.${i + 1}`
        return new Upstream({ uri: `sip:${host}`, host, port: 5060, transport: 'tcp', priority: 1, weight: 1 })
      }),
    tap: { on: false } as Tap,
    messages: new MessageCounters(),
    proxyProtocol: 'off',
    async,
    maxPostponed: 32,
    traceCoreLeg: false,
  }
  openTunnel(client as unknown as Connection, options)
  return { client, core }
}

function receive(leg: Leg, text: string): void {
  const bytes = Buffer.from(text)
  leg.handler!.onMessage(bytes, 0, bytes.length, bytes.length)
  leg.handler!.onReadEnd()
}

test('tls_async 0: the client is not read before the upstream is connected, nor before a message has left', () => {
  const { client, core } = tunnel(false)
  assert.notEqual(client.pausedFor, 0)
  core.handler!.onConnected()
  assert.equal(client.pausedFor, 0)
  receive(client, 'one')
  assert.deepEqual(core.written, ['one'])
  assert.equal(client.pausedFor, pauseReasons.write)
  core.untaken.shift()!()
  assert.equal(client.pausedFor, 0)
})

test('tls_async 1: the client is read all the time', () => {
  const { client, core } = tunnel(true)
  assert.equal(client.pausedFor, 0)
  receive(client, 'early')
  core.handler!.onConnected()
  receive(client, 'late')
  assert.deepEqual(core.written, ['early', 'late'])
  assert.deepEqual([client.pausedFor, core.untaken.length], [0, 0])
})

test('a leg that cannot take more stops the reading of the other, until it can', () => {
  const { client, core } = tunnel(true)
  core.handler!.onConnected()
  core.handler!.onBlocked()
  assert.equal(client.pausedFor, pauseReasons.relay)
  core.handler!.onDrain()
  assert.equal(client.pausedFor, 0)
  client.handler!.onBlocked()
  assert.equal(core.pausedFor, pauseReasons.relay)
  client.handler!.onDrain()
  assert.equal(core.pausedFor, 0)
})

/** `id text Call-ID` of what was sent, by the channel of messages. */
function sent(t: TestContext): string[] {
  const seen: string[] = []
  const see = (message: unknown): void => {
    const { facts, direction, buf, start, end, callIdStart, callIdEnd, heldMs } = message as MessageSeen
    assert.equal(direction, 'out')
    assert.ok(heldMs !== undefined && heldMs >= 0)
    seen.push(`${facts.id} ${buf.toString('latin1', start, end)} ${buf.toString('latin1', callIdStart, callIdEnd)}`)
  }
  channels.message.subscribe(see)
  t.after(() => channels.message.unsubscribe(see))
  return seen
}

/** Its Call-ID is its last two bytes. */
function receiveSeen(leg: Leg, text: string): void {
  do noteArrival()
  while (arrivalMs() === 0) // of one read in seven the time is taken
  leg.callIdStart = text.length - 2
  leg.callIdEnd = text.length
  receive(leg, text)
}

test('who looks at messages is told of one when it goes, with its Call-ID', (t) => {
  const seen = sent(t)
  const { client, core } = tunnel(true)
  core.handler!.onConnected()
  receiveSeen(client, 'INVITE i1')
  receiveSeen(core, 'SIP/2.0 i1')
  assert.deepEqual(seen, ['core INVITE i1 i1', 'client SIP/2.0 i1 i1'])
})

test('what waits for a connection is told of the one that takes it, and of no other', (t) => {
  const seen = sent(t)
  const second = new Leg('second')
  const { client, core } = tunnel(true, second)
  receiveSeen(client, 'INVITE i1')
  receiveSeen(client, 'MESSAGE i2')
  core.fails()
  receiveSeen(client, 'CANCEL i1')
  assert.deepEqual(seen, [])
  second.handler!.onConnected()
  receiveSeen(client, 'BYE i1')
  assert.deepEqual(seen, ['second INVITE i1 i1', 'second MESSAGE i2 i2', 'second CANCEL i1 i1', 'second BYE i1 i1'])
  assert.equal(second.written.join(' '), 'INVITE i1MESSAGE i2 CANCEL i1 BYE i1')
})

test('what no connection takes any more was not sent', (t) => {
  const seen = sent(t)
  const { client, core } = tunnel(true)
  core.handler!.onConnected()
  client.state = core.state = 'ending'
  receiveSeen(client, 'INVITE i1')
  receiveSeen(core, 'SIP/2.0 i1')
  assert.deepEqual(seen, [])
})
