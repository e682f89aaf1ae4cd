/** PROXY headers byte for byte: what HAProxy 2.6.12 put on the wire, and what we put there. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ProxyHeader, ProxyReader, proxyHeaderV1, proxyHeaderV2 } from '../../src/tls/proxy-protocol.js'

const loopback = (ip: string, sourcePort: number, port: number): ProxyHeader => ({
  source: { ip, port: sourcePort },
  destination: { ip, port },
})

const fromHaproxy: { option: string; hex: string; header: ProxyHeader; plain: boolean }[] = [
  {
    option: 'send-proxy over IPv4',
    hex: '50524f58592054435034203132372e302e302e31203132372e302e302e312035313934322031383830310d0a',
    header: loopback('127.0.0.1', 51942, 18801),
    plain: true,
  },
  {
    option: 'send-proxy over IPv6',
    hex: '50524f58592054435036203a3a31203a3a312034373433322031383830310d0a',
    header: loopback('::1', 47432, 18801),
    plain: true,
  },
  {
    option: 'send-proxy-v2 over IPv4',
    hex: '0d0a0d0a000d0a515549540a2111000c7f0000017f000001b8d04972',
    header: loopback('127.0.0.1', 47312, 18802),
    plain: true,
  },
  {
    option: 'send-proxy-v2 over IPv6',
    hex: `0d0a0d0a000d0a515549540a21210024${'00'.repeat(15)}01${'00'.repeat(15)}01909a4972`,
    header: loopback('::1', 37018, 18802),
    plain: true,
  },
  {
    option: 'proxy-v2-options crc32c,unique-id',
    hex: '0d0a0d0a000d0a515549540a211100167f0000017f000001e100497303000430aa7361050000',
    header: loopback('127.0.0.1', 57600, 18803),
    plain: false,
  },
  {
    option: 'check-send-proxy (a health check)',
    hex: '0d0a0d0a000d0a515549540a20000000',
    header: { source: undefined, destination: undefined },
    plain: false,
  },
]

describe('PROXY headers on the wire', () => {
  for (const { option, hex, header, plain } of fromHaproxy) {
    it(`of HAProxy with ${option} are read${plain ? ', and written the same' : ''}`, () => {
      const bytes = Buffer.from(hex, 'hex')
      assert.deepEqual(new ProxyReader().push(bytes), header)
      if (!plain) return
      const write = bytes[0] === 0x50 ? proxyHeaderV1 : proxyHeaderV2
      assert.equal(write(header.source!, header.destination!).toString('hex'), hex)
    })
  }

  it('for addresses of two families name both all the same, the IPv4 one as mapped', () => {
    const v4 = { ip: '192.0.2.1', port: 1 }
    const v6 = { ip: '2001:db8::1', port: 2 }
    assert.equal(proxyHeaderV1(v6, v4).toString(), 'PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 2 1\r\n')
    const addresses = '20010db800000000000000000000000100000000000000000000ffffc000020100020001'
    assert.equal(proxyHeaderV2(v6, v4).toString('hex'), `0d0a0d0a000d0a515549540a21210024${addresses}`)
    for (const write of [proxyHeaderV1, proxyHeaderV2]) {
      assert.deepEqual(new ProxyReader().push(write(v4, v6)), { source: v4, destination: v6 })
    }
  })
})
