import assert from 'node:assert/strict'
import { test } from 'node:test'
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
  readonly facts = { id: 'leg', relayedTo: undefined as string | undefined, closed: undefined }
  readonly written: string[] = []
  readonly untaken: (() => void)[] = []

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

function tunnel(async: boolean): { client: Leg; core: Leg } {
  const client = new Leg()
  const core = new Leg()
  const options: TunnelOptions = {
    connector: {
      open(_target: unknown, handler: ConnectionHandler) {
        core.handler = handler
        return core
      },
    } as unknown as Connector,
    upstreams: () => [
      new Upstream({ uri: 'sip:192.0.2.1', host: '192.0.2.1', port: 5060, transport: 'tcp', priority: 1, weight: 1 }),
    ],
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
