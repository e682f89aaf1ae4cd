/** Sockets of OpenSIPS, and what becomes of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imported } from '../../../support/opensips.js'

const tls = 'socket=tls:10.0.0.1:5061\n'
/** what is written besides `tls`, which is always there */
const sockets = async (t: Parameters<typeof imported>[0], text: string) => {
  const { settings, notes } = await imported(t, tls + text)
  return { written: settings.socket.slice(1), notes: notes.filter((note) => note.includes('.cfg:2: socket ')) }
}

for (const [text, written] of [
  ['listen=tls:203.0.113.1', 'tls:203.0.113.1'],
  ['socket = TLS:*:5062', 'tls:*:5062'],
  ['socket=tls:203.0.113.1:5062 AS sip.example.com', 'tls:203.0.113.1:5062 AS sip.example.com'],
  ['socket=tls:203.0.113.1\n\tas "sip-a.example.com":5070', 'tls:203.0.113.1 AS sip-a.example.com:5070'],
  ['socket=tls:[2001:db8::1]:5062', 'tls:[2001:db8::1]:5062'],
  ['socket=tls:2001:db8::1', 'tls:[2001:db8::1]'],
  ['socket=udp:192.168.1.1:5060', 'udp:192.168.1.1:5060'],
  ['socket=tcp:[fd00::1]:5060 # core', 'tcp:[fd00::1]:5060'],
] as const) {
  test(`carried over as it is: ${JSON.stringify(text)}`, async (t) => {
    assert.deepEqual(await sockets(t, text), { written: [written], notes: [] })
  })
}

for (const address of ['203.0.113.1:5060', '*:5060', '10.0.0.9:5060 as 203.0.113.1', '[2001:db8::1]:5060']) {
  test(`a clear socket that strangers can reach is never of the core side: ${address}`, async (t) => {
    const tcp = await sockets(t, `socket=tcp:${address}`)
    assert.deepEqual(tcp.written, [{ socket: `tcp:${address.replace(' as ', ' AS ')}`, side: 'edge' }])
    assert.match(tcp.notes[0]!, /written with side: edge/)
    const udp = await sockets(t, `socket=udp:${address}`)
    assert.deepEqual(udp.written, [])
    assert.match(udp.notes[0]!, /left out: hepgate speaks udp with your own servers only/)
  })
}

for (const [text, why] of [
  ['udp:eth0:5060', /write the address itself/],
  ['tls:sip.example.com:5061', /write the address itself/],
  ['udp:10.0.0.1:5060-5070', /write a socket for each port/],
  ['wss:10.0.0.1:443', /no WebSocket/],
  ['hep_udp:10.0.0.1:9060', /collector\.listen/],
  ['sctp:10.0.0.1', /knows tls, tcp and udp/],
] as const) {
  test(`left out with the reason: ${text}`, async (t) => {
    const { written, notes } = await sockets(t, `socket=${text}`)
    assert.deepEqual([written, notes.length], [[], 1])
    assert.ok(notes[0]!.startsWith(`opensips.cfg:2: socket ${text}: left out: `), notes[0])
    assert.match(notes[0]!, why)
  })
}

test('what stands behind an address is noted, each by its name', async (t) => {
  const params = 'use_workers 4 tag phones anycast reuse_port allow_proxy_protocol'
  const { written, notes } = await sockets(t, `socket=tls:10.0.0.2:5061 ${params} as a.example`)
  assert.deepEqual(written, ['tls:10.0.0.2:5061 AS a.example'])
  const reasons = notes.map((note) => /5061: (\w+(?: \w+)?)(?: is left out|: name)/.exec(note)?.[1])
  assert.deepEqual(reasons, ['use_workers 4', 'tag phones', 'anycast', 'reuse_port', 'allow_proxy_protocol'])
})

test('advertised_address is for every socket without an AS', async (t) => {
  const text = 'advertised_address="sip.example.com"\nadvertised_port=5081\nsocket=tls:10.0.0.2 as b.example\n'
  const { settings } = await imported(t, tls + text)
  assert.deepEqual(settings.socket, ['tls:10.0.0.1:5061 AS sip.example.com:5081', 'tls:10.0.0.2 AS b.example'])
})

test('without any socket that could be carried over there is still one, and a note', async (t) => {
  const { settings, notes } = await imported(t, 'socket=udp:eth0:5060\n')
  assert.deepEqual(settings.socket, ['tls:0.0.0.0:5061'])
  assert.ok(notes.some((note) => note.startsWith('No socket could be carried over: tls:0.0.0.0:5061')))
})
