import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SipUri } from '../../../src/sip/uri.js'

const before = 'Route: '
const behind = ';lr;transport=udp>'

const uri = new SipUri()

interface ReadUri {
  user?: string
  hostPort: string
  params?: string[]
  secure?: true
  headers?: true
  target?: string
}

function read(value: string): ReadUri | false {
  const buf = Buffer.from(before + value + behind, 'latin1')
  return uri.read(buf, before.length, before.length + value.length) && described()
}

function described(): ReadUri {
  const params = [uri.transport, uri.lr ? 'lr' : '', uri.ob ? 'ob' : ''].filter((text) => text !== '')
  return {
    ...(uri.userStart >= 0 && { user: uri.buf.toString('latin1', uri.userStart, uri.userEnd) }),
    hostPort: uri.hostPort(),
    ...(params.length > 0 && { params }),
    ...(uri.secure && { secure: true }),
    ...(uri.hasHeaders && { headers: true }),
    ...(uri.target() !== uri.host() && { target: uri.target() }),
  }
}

describe('SipUri', () => {
  const readable: Readonly<Record<string, ReadUri>> = {
    'sip:example.com': { hostPort: 'example.com:0' },
    'SIPS:Bob@EXAMPLE.com:5061': { user: 'Bob', hostPort: 'example.com:5061', secure: true },
    'sip:bob:secret@example.com': { user: 'bob', hostPort: 'example.com:0' },
    'sip:[2001:DB8::1]:5061;transport=TLS;lr': { hostPort: '[2001:db8::1]:5061', params: ['tls', 'lr'] },
    'sip:[::1]': { hostPort: '[::1]:0' },
    'sip:token@example.com;lr;ob': { user: 'token', hostPort: 'example.com:0', params: ['lr', 'ob'] },
    'sip:a@b;LR=on;OB': { user: 'a', hostPort: 'b:0', params: ['lr', 'ob'] },
    'sip:a@b;lrx;oblique;transports=udp;xtransport=tcp': { user: 'a', hostPort: 'b:0' },
    'sip:a@b;transport=QUIC': { user: 'a', hostPort: 'b:0', params: ['quic'] },
    'sip:a@b;maddr=MAddr.example.com': { user: 'a', hostPort: 'b:0', target: 'maddr.example.com' },
    'sip:a@b;maddr=[2001:db8::7]': { user: 'a', hostPort: 'b:0', target: '2001:db8::7' },
    'sip:a@b;transport=tcp?Route=%3Csip:c%3E': { user: 'a', hostPort: 'b:0', params: ['tcp'], headers: true },
    'sip:a@b?x=;lr': { user: 'a', hostPort: 'b:0', headers: true },
    // RFC 4475 §3.1.1.2, §3.1.1.3, §3.1.1.9
    "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com": {
      user: "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
      hostPort: 'example.com:0',
    },
    'sip:sips%3Auser%40example.com@example.net': { user: 'sips%3Auser%40example.com', hostPort: 'example.net:0' },
    'sip:user;par=u%40example.net@example.com': { user: 'user;par=u%40example.net', hostPort: 'example.com:0' },
  }
  for (const [value, expected] of Object.entries(readable)) {
    test(value, () => assert.deepEqual(read(value), expected))
  }

  test('what one URI said is not there in the next', () => {
    read('sips:a@b:1;transport=tls;lr;ob;maddr=c?x=y')
    assert.deepEqual(read('sip:d'), { hostPort: 'd:0' })
  })

  test('ends before its headers', () => {
    read('sip:a@b;lr?subject=x')
    assert.equal(uri.buf.toString('latin1', uri.uriStart, uri.uriEnd), 'sip:a@b;lr')
  })

  for (const value of [
    'sip:',
    'sip:@b',
    'sip:a@',
    'sip:a@b@c',
    'sip:a@b;x=y@c',
    'sip:a b@c',
    'sip:a@b c',
    'sip:<a@b>',
    'sip:a@b"',
    'sip:a@b\0',
    'sip:a@b:',
    'sip:a@b:0',
    'sip:a@b:65536',
    'sip:a@b:50x',
    'sip:a@b/path',
    'sip:a@[::1',
    'sip:a@::1',
    'sip:a@b;maddr=',
    'sip:a@b;maddr=c;maddr=d',
    'sip:a@b;transport=tls;transport=udp',
  ]) {
    test(`${JSON.stringify(value)} cannot be read`, () => {
      assert.equal(read(value), false)
      assert.equal(uri.scheme, 'sip')
    })
  }

  for (const value of ['', 'sip', 'tel:+491234', 'sipx:a@b', 'si:a', 'isbn:2983792873', '*', 'a@b']) {
    test(`${JSON.stringify(value)} is of no scheme we know`, () => {
      assert.equal(read(value), false)
      assert.equal(uri.scheme, '')
    })
  }
})

describe('readAddress', () => {
  /** The URI and what follows the value. */
  function address(value: string): [ReadUri | false, string] {
    const buf = Buffer.from(before + value + behind)
    const to = before.length + value.length
    const readable = uri.readAddress(buf, before.length, to)
    return [readable && described(), buf.toString('latin1', uri.valueEnd, to)]
  }

  for (const [value, expected, rest] of [
    ['<sip:a@b;lr>', { user: 'a', hostPort: 'b:0', params: ['lr'] }, ''],
    ['<sip:a@b>;lr', { user: 'a', hostPort: 'b:0' }, ''],
    ['sip:a@b;ob', { user: 'a', hostPort: 'b:0' }, ''],
    [' sip:a@b \r\n ;q=1 , <sip:c>', { user: 'a', hostPort: 'b:0' }, ', <sip:c>'],
    ['<sip:a,b@c;lr>,<sip:d>', { user: 'a,b', hostPort: 'c:0', params: ['lr'] }, ',<sip:d>'],
    ['"x <sip:no>, \\" y" <sip:a@b>;x="1,2" , *', { user: 'a', hostPort: 'b:0' }, ', *'],
    ['Name With Words<sip:a@b>', { user: 'a', hostPort: 'b:0' }, ''],
    ['\r\n <sip:a@b;ob>;+sip.instance="<urn:uuid:0>"', { user: 'a', hostPort: 'b:0', params: ['ob'] }, ''],
    ['*', false, ''],
    ['', false, ''],
    ['<sip:a@b', false, ''],
    ['< sip:a@b >, <sip:c>', false, ', <sip:c>'],
    ['<tel:+49>, <sip:c>', false, ', <sip:c>'],
    ['sip:a@b c, <sip:d>', false, ', <sip:d>'],
    ['"never ends <sip:a@b>, <sip:d>', false, ''],
  ] as const) {
    test(JSON.stringify(value), () => assert.deepEqual(address(value), [expected, rest]))
  }

  test('says where the URI lies', () => {
    const buf = Buffer.from('"x" <sip:a@b;lr>;y')
    uri.readAddress(buf, 0, buf.length)
    assert.equal(buf.toString('latin1', uri.uriStart, uri.uriEnd), 'sip:a@b;lr')
  })
})
