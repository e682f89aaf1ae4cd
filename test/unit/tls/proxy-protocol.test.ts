import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crc32c } from '../../../src/tls/crc32c.js'
import { type ProxyHeader, ProxyReader, proxyHeaderV1, proxyHeaderV2 } from '../../../src/tls/proxy-protocol.js'

const signature = '0d0a0d0a000d0a515549540a'
const client = { ip: '192.0.2.7', port: 40000 }
const server = { ip: '198.51.100.1', port: 5061 }
const client6 = { ip: '2001:db8::7', port: 40000 }
const server6 = { ip: '2001:db8::1', port: 5061 }

const read = (bytes: Buffer | string) => new ProxyReader().push(Buffer.from(bytes as string))
const v2 = (hex: string) => read(Buffer.from(signature + hex.replaceAll(' ', ''), 'hex'))

function header(result: ReturnType<typeof read>): ProxyHeader {
  assert.ok(typeof result === 'object' && 'source' in result, `no header: ${JSON.stringify(result)}`)
  return result
}

function assertRefused(result: ReturnType<typeof read>, what?: string): void {
  assert.ok(typeof result === 'object' && 'cause' in result, `${what}: no failure: ${JSON.stringify(result)}`)
  assert.equal(result.cause, 'bad-proxy-header')
}

const nobody = { source: undefined, destination: undefined }

/** A v2 header for TCP over IPv4 with TLVs after the addresses. */
function withTlvs(...tlvs: Buffer[]): Buffer {
  const bytes = Buffer.concat([proxyHeaderV2(client, server), ...tlvs])
  bytes.writeUInt16BE(bytes.length - 16, 14)
  return bytes
}

describe('a PROXY header', () => {
  it('we write is one we read, in both versions and families', () => {
    for (const write of [proxyHeaderV1, proxyHeaderV2]) {
      assert.deepEqual(read(write(client, server)), { source: client, destination: server })
      assert.deepEqual(read(write(client6, server6)), { source: client6, destination: server6 })
    }
  })

  it('with addresses of two families names both', () => {
    for (const write of [proxyHeaderV1, proxyHeaderV2]) {
      assert.deepEqual(read(write(client, server6)), { source: client, destination: server6 })
      assert.deepEqual(read(write(client6, server)), { source: client6, destination: server })
    }
  })

  it('says the same however it is cut, and the rest is given back', () => {
    for (const bytes of [proxyHeaderV1(client6, server6), proxyHeaderV2(client, server)]) {
      const stream = Buffer.concat([bytes, Buffer.from('PROXY hello')])
      for (let cut = 1; cut < stream.length; cut++) {
        const reader = new ProxyReader()
        const first = reader.push(stream.subarray(0, cut))
        if (cut < bytes.length) assert.equal(first, 'more', `cut at ${cut}`)
        const result = reader.push(stream.subarray(cut))
        assert.equal(header(result).source?.port, 40000)
        assert.equal(reader.rest().toString(), 'PROXY hello')
      }
    }
  })

  it('is missed as soon as the first bytes cannot begin one', () => {
    for (const start of ['\x16\x03\x01', 'X', 'PROXX', 'PRI * HTTP/2.0', '\r\n\r\n\0\r\nQUIX'])
      assertRefused(read(start), start)
    for (const start of ['P', 'PROXY', 'PROXY ', '\r\n\r\n', '\r\n\r\n\0\r\nQUIT\n']) assert.equal(read(start), 'more')
  })
})

describe('a PROXY header of version 1', () => {
  it('that does not know the client is accepted whatever follows', () => {
    assert.deepEqual(read('PROXY UNKNOWN\r\n'), nobody)
    assert.deepEqual(read('PROXY UNKNOWN ffff:f::1 nonsense 1 2 3 4\r\n'), nobody)
  })

  it('gives addresses in their short form, mapped ones as IPv4', () => {
    const long = header(read('PROXY TCP6 2001:0DB8:0:0:0:0:0:7 ::ffff:198.51.100.1 40000 5061\r\n'))
    assert.deepEqual(long, { source: client6, destination: server })
  })

  it('may name any port', () => {
    const { source, destination } = header(read('PROXY TCP4 192.0.2.7 198.51.100.1 0 65535\r\n'))
    assert.deepEqual([source?.port, destination?.port], [0, 65535])
  })

  it('may be as long as the specification allows, and no longer', () => {
    const longest = `PROXY UNKNOWN ${'f'.repeat(91)}\r\n`
    assert.equal(longest.length, 107)
    assert.deepEqual(read(longest), nobody)
    assertRefused(read(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`))
    assert.equal(read(longest.slice(0, 105)), 'more')
    assertRefused(read('PROXY TCP4 '.padEnd(106, '1')))
  })

  for (const line of [
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 5061\n\r',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 5061\rX',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 5061 \r\n',
    'PROXY  TCP4 192.0.2.7 198.51.100.1 40000 5061\r\n',
    'PROXY TCP4 192.0.2.007 198.51.100.1 40000 5061\r\n',
    'PROXY TCP4 2001:db8::7 2001:db8::1 40000 5061\r\n',
    'PROXY TCP6 192.0.2.7 198.51.100.1 40000 5061\r\n',
    'PROXY TCP6 fe80::1%eth0 2001:db8::1 40000 5061\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 040000 5061\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 65536 5061\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 -1 5061\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 4e4 5061\r\n',
    'PROXY tcp4 192.0.2.7 198.51.100.1 40000 5061\r\n',
    'PROXY UDP4 192.0.2.7 198.51.100.1 40000 5061\r\n',
    'PROXY \r\n',
  ]) {
    it(`is refused: ${JSON.stringify(line)}`, () => {
      // a line without its end is refused when it gets too long
      assertRefused(read(line.padEnd(107)))
    })
  }
})

describe('a PROXY header of version 2', () => {
  it('of the load balancer itself is accepted, its addresses ignored', () => {
    assert.deepEqual(v2('20 00 0000'), nobody)
    assert.deepEqual(v2('20 11 000c c0000207 c6336401 9c40 13c5'), nobody)
  })

  it('of a family that is not TCP over IP leaves the addresses to the socket', () => {
    assert.deepEqual(v2('21 00 0000'), nobody)
    assert.deepEqual(v2('21 12 000c c0000207 c6336401 9c40 13c5'), nobody)
    assert.deepEqual(v2(`21 31 00d8 ${'00'.repeat(216)}`), nobody)
  })

  it('with TLVs we do not know is read', () => {
    const bytes = withTlvs(Buffer.from('0200046e616d65', 'hex'), Buffer.from('e00000', 'hex'))
    assert.deepEqual(read(bytes), { source: client, destination: server })
  })

  it('with a checksum is accepted only if it is right', () => {
    const bytes = withTlvs(Buffer.from('0300040000000004000100', 'hex'))
    bytes.writeUInt32BE(crc32c(bytes), 16 + 12 + 3)
    assert.deepEqual(read(bytes), { source: client, destination: server })
    bytes[16] = 193
    assertRefused(read(bytes))
  })

  it('is refused when it breaks the rules', () => {
    const broken = {
      'version 1': '11 11 000c c0000207 c6336401 9c40 13c5',
      'an unknown command': '22 11 000c c0000207 c6336401 9c40 13c5',
      'no room for IPv4 addresses': '21 11 000b c0000207 c6336401 9c40 13',
      'no room for IPv6 addresses': '21 21 000c c0000207 c6336401 9c40 13c5',
      'half a TLV header': '21 11 000e c0000207 c6336401 9c40 13c5 0300',
      'a TLV past the end': '21 11 0010 c0000207 c6336401 9c40 13c5 02 0002 00',
      'a checksum of three bytes': '21 11 0012 c0000207 c6336401 9c40 13c5 03 0003 000000',
    }
    for (const [what, hex] of Object.entries(broken)) assertRefused(v2(hex), what)
  })

  it('is not waited for when it is too long', () => {
    assert.equal(v2('21 11 0800'), 'more')
    assertRefused(v2('21 11 0801'))
  })
})

describe('CRC-32C', () => {
  it('gives the values of RFC 3720 appendix B.4', () => {
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
    assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
    assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  })
})
