import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Side, Transport } from '../../../src/base/facts.js'
import { Legs } from '../../../src/relay/legs.js'
import { OwnAddresses } from '../../../src/relay/own-addresses.js'
import { nobody, PlayedCarrier, tokens } from './carriers.js'

function listens(side: Side, transport: Transport, port: number, host?: string) {
  const ip = '192.0.2.1'
  const advertise = host === undefined ? undefined : { host, port }
  return {
    config: { text: '', transport, ip, port, advertise, side, relay: 'edge' as const, proxy_protocol: [] },
    address: { ip, port },
  }
}

const own = new OwnAddresses(
  [listens('edge', 'tls', 5061, 'sip.example.com'), listens('core', 'tcp', 5060), listens('core', 'udp', 5060)],
  [],
)
const legs = (): Legs => new Legs(own, tokens, nobody)

describe('a leg is found', () => {
  it('by the id of its carrier', () => {
    const all = legs()
    const one = all.add(new PlayedCarrier({ id: '1' }), false)
    const other = all.add(new PlayedCarrier({ id: '2', peerPort: 40_001 }), false)
    assert.deepEqual([all.get('1'), all.get('2'), all.get('3')], [one, other, undefined])
  })

  it('by side, transport and address of its peer', () => {
    const all = legs()
    const leg = all.add(new PlayedCarrier({ peerIp: '2001:db8::7', peerPort: 40_000 }), false)
    const peer = { ip: '2001:db8::7', port: 40_000 }
    assert.equal(all.to('edge', 'tls', peer), leg)
    assert.equal(all.to('core', 'tls', peer), undefined)
    assert.equal(all.to('edge', 'tcp', peer), undefined)
    assert.equal(all.to('edge', 'tls', { ...peer, port: 40_001 }), undefined)
    assert.equal(all.to('edge', 'tls', { ...peer, ip: '2001:db8::8' }), undefined)
  })

  it('while its carrier is open', () => {
    const all = legs()
    const carrier = new PlayedCarrier()
    const leg = all.add(carrier, false)
    const found = () => [all.get('1'), all.to('edge', 'tls', carrier.facts.peer)]
    assert.deepEqual(found(), [leg, leg])
    for (const state of ['ending', 'closed'] as const) {
      carrier.state = state
      assert.deepEqual(found(), [undefined, undefined], state)
    }
  })

  it('no more when it was removed, and whoever has its address since then is', () => {
    const all = legs()
    const gone = all.add(new PlayedCarrier({ id: '1' }), false)
    const successor = all.add(new PlayedCarrier({ id: '2' }), false)
    all.remove(gone)
    assert.deepEqual([all.get('1'), all.get('2')], [undefined, successor])
    assert.equal(all.to('edge', 'tls', successor.facts.peer), successor)
    all.remove(successor)
    assert.equal(all.to('edge', 'tls', successor.facts.peer), undefined)
  })
})

describe('the name of a leg', () => {
  it('is that of the socket that its peer reaches us at, one for all its legs', () => {
    const all = legs()
    const one = all.add(new PlayedCarrier({ id: '1' }), false)
    const other = all.add(new PlayedCarrier({ id: '2', localPort: 40_009, direction: 'out' }), false)
    assert.equal(one.own, other.own)
    assert.deepEqual(
      { ...one.own },
      {
        hostPort: 'sip.example.com:5061',
        listening: true,
        contactUri: 'sip:sip.example.com:5061;transport=tls',
        viaHead: 'Via: SIP/2.0/TLS sip.example.com:5061;branch=',
        viaTail: '',
        uriTail: ';transport=tls;lr',
      },
    )
  })

  it('asks for the connection to be reused where that is wanted, and on no other', () => {
    const all = legs()
    assert.equal(all.add(new PlayedCarrier({ id: '1' }), true).own.viaTail, ';alias')
    assert.equal(all.add(new PlayedCarrier({ id: '2' }), false).own.viaTail, '')
  })

  it('asks over UDP for answers to the port it sends from (RFC 3581)', () => {
    const leg = legs().add(new PlayedCarrier({ side: 'core', transport: 'udp', localPort: 5060 }), false)
    assert.equal(leg.own.viaHead + leg.own.viaTail, 'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=;rport')
  })

  it('is our end of the connection where nothing listens, and then another for each', () => {
    const all = legs()
    const names = [40_001, 40_002].map((localPort, i) => {
      const carrier = new PlayedCarrier({ id: String(i), side: 'core', transport: 'tls', direction: 'out', localPort })
      return all.add(carrier, false).own
    })
    assert.deepEqual(
      names.map(({ hostPort, listening }) => [hostPort, listening]),
      [
        ['192.0.2.1:40001', false],
        ['192.0.2.1:40002', false],
      ],
    )
  })
})
