import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig } from '../../../src/config/load.js'
import { configWarnings } from '../../../src/config/warnings.js'
import { machine } from './parsing.js'

function warningsOf(text: string): string[] {
  return configWarnings(parseConfig(text, machine), text).map((w) => `${w.line}:${w.column} ${w.path}: ${w.message}`)
}

const open =
  'whoever reaches it is believed to be one of your servers: listen on an address that only your servers can reach'
const oneWay = 'servers can reach phones only over connections the gateway opened to them'

test('a clear core socket on all addresses is open to everyone', () => {
  assert.deepEqual(warningsOf('socket: [tls:0.0.0.0, tcp:0.0.0.0, "udp:[::]", tcp:10.0.0.4:5070]'), [
    `1:23 socket[1]: ${open}`,
    `1:36 socket[2]: ${open}`,
  ])
})

test('a tls core socket asks for certificates, a clear edge socket believes nobody, a tunnel asks nothing of either', () => {
  assert.deepEqual(warningsOf('socket: [{ socket: "tls:0.0.0.0", side: core }]'), [])
  assert.deepEqual(warningsOf('socket: [{ socket: "tcp:0.0.0.0", side: edge }]'), [])
  assert.deepEqual(warningsOf('socket: tcp:0.0.0.0\nrelay: { mode: tunnel, upstream: sip:10.0.0.5 }'), [])
})

test('without a core socket of its transport an upstream cannot connect to the gateway, told once per transport', () => {
  const text = `socket: tls:0.0.0.0
relay:
  upstream:
    - sip:10.0.0.5
    - sip:10.0.0.6
    - sips:10.0.0.7
`
  assert.deepEqual(warningsOf(text), [
    `4:7 relay.upstream[0]: no tcp socket on the core side: ${oneWay}; add tcp:IP:5060`,
    `6:7 relay.upstream[2]: no tls socket on the core side: ${oneWay}; add { socket: "tls:IP:5071", side: core }`,
  ])
})

test('with a core socket, without an upstream, or in tunnel mode there is nothing to warn of', () => {
  assert.deepEqual(warningsOf('socket: [tls:0.0.0.0, tcp:10.0.0.4]\nrelay: { upstream: sip:10.0.0.5 }'), [])
  assert.deepEqual(warningsOf('socket: tls:0.0.0.0'), [])
  assert.deepEqual(warningsOf('socket: tls:0.0.0.0\nrelay: { mode: tunnel, upstream: sip:10.0.0.5 }'), [])
})

test('a core socket in tunnel mode is no way for servers of edge mode', () => {
  const text = 'socket: [tls:0.0.0.0, { socket: "tcp:10.0.0.4", relay: tunnel }]\nrelay: { upstream: sip:10.0.0.5 }'
  assert.equal(warningsOf(text).length, 1)
})
