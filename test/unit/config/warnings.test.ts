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

test('an upstream that is a socket of the gateway itself is a loop', () => {
  const comesBack = 'a socket of the gateway: what goes there comes back'
  const warned = (socket: string, upstream: string) =>
    warningsOf(`socket: [tls:192.0.2.1, ${socket}]\nrelay: { upstream: "${upstream}" }`).filter((w) =>
      w.includes(comesBack),
    )
  const at = '2:20 relay.upstream'
  assert.deepEqual(warned('tcp:10.0.0.4', 'sip:10.0.0.4'), [`${at}: that is tcp:10.0.0.4, ${comesBack}`])
  assert.deepEqual(warned('"udp:[::]"', 'sip:127.0.0.1;transport=udp'), [`${at}: that is udp:[::], ${comesBack}`])
  for (const upstream of ['sip:127.0.0.2', 'sip:localhost', 'sip:0.0.0.0', 'sip:[::1]']) {
    assert.equal(warned('tcp:0.0.0.0', upstream).length, 1, upstream)
  }
  assert.equal(warned('tcp:127.0.0.1', 'sip:localhost').length, 1)
  assert.deepEqual(warned('tcp:10.0.0.4', 'sip:10.0.0.4:5070'), [])
  assert.deepEqual(warned('tcp:10.0.0.4', 'sip:10.0.0.5'), [])
  assert.deepEqual(warned('tcp:127.0.0.1', 'sip:127.0.0.2'), [])
  assert.deepEqual(warned('udp:10.0.0.4', 'sip:10.0.0.4'), [])
  assert.deepEqual(warned('tcp:0.0.0.0', 'sip:10.0.0.4'), [], 'whose address that is another machine may know')
})

const nobody = 'no peer will ever be trusted: no server_domain and no client_domain has verify_cert: 1'
const trusting = 'socket: tls:0.0.0.0\ntrust: { domains: carrier.example }\n'
const keys = 'certificate: c.pem, private_key: k.pem'

test('trusted domains need a certificate that somebody verifies', () => {
  assert.deepEqual(warningsOf(trusting), [`2:19 trust.domains: ${nobody}`])
  const server = `tls_mgm: { server_domain: [{ name: a, ${keys}, verify_cert: VERIFY }] }\n`
  assert.deepEqual(warningsOf(trusting + server.replace('VERIFY', '0')), [`2:19 trust.domains: ${nobody}`])
  assert.deepEqual(warningsOf(trusting + server.replace('VERIFY', '1')), [])
})

test('that of a server we connect to is as good, which is verified unless a client_domain says otherwise', () => {
  const trunk = `${trusting}relay: { trunk: sips:carrier.example }\n`
  assert.deepEqual(warningsOf(trunk), [])
  const client = 'tls_mgm: { client_domain: [{ name: a, verify_cert: VERIFY }] }\n'
  assert.deepEqual(warningsOf(trunk + client.replace('VERIFY', '1')), [])
  assert.deepEqual(warningsOf(trunk + client.replace('VERIFY', '0')), [`2:19 trust.domains: ${nobody}`])
})

test('a ring for trusted calls without trusted domains is only for our own', () => {
  const own = 'every call that your own servers send without the header of trust.header'
  assert.deepEqual(
    warningsOf('socket: tls:0.0.0.0\ntrust: { alert_info: { phone: cisco_ata, ring: Bellcore-dr4 } }\n'),
    [`2:22 trust.alert_info: without trust.domains nobody outside is trusted, and the ring is for ${own}`],
  )
})

test('a core socket in tunnel mode is no way for servers of edge mode', () => {
  const text = 'socket: [tls:0.0.0.0, { socket: "tcp:10.0.0.4", relay: tunnel }]\nrelay: { upstream: sip:10.0.0.5 }'
  assert.equal(warningsOf(text).length, 1)
})
