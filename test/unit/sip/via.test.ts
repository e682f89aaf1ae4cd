import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Edit } from '../../../src/sip/edit.js'
import { markSource, Via } from '../../../src/sip/via.js'

const before = 'Via: '
const behind = ';branch=of-another-message'

interface ReadVia {
  transport: string
  host: string
  port: number
  branch?: string
  received?: string
  rport?: number
  alias?: true
  /** what stands behind the place for another parameter */
  rest?: string
  more?: string
}

const via = new Via()

/** What is read from the value, in which the span ends before `behind`. */
function read(value: string, from = before.length): ReadVia | false {
  const buf = Buffer.from(before + value + behind)
  const to = before.length + value.length
  if (!via.read(buf, from, to)) return false
  const text = (start: number, end: number): string => buf.toString('latin1', start, end)
  const rest = text(via.paramsEnd, to)
  return {
    transport: text(via.transportStart, via.transportEnd),
    host: text(via.hostStart, via.hostEnd),
    port: via.port,
    ...(via.branchStart >= 0 && { branch: text(via.branchStart, via.branchEnd) }),
    ...(via.receivedStart >= 0 && { received: text(via.receivedStart, via.receivedEnd) }),
    ...(via.hasRport && { rport: via.rport }),
    ...(via.alias && { alias: true }),
    ...(rest !== '' && { rest }),
    ...(via.hasMore && { more: text(via.end, to) }),
  }
}

const host = { transport: 'TLS', host: 'example.com', port: 0 }

describe('Via', () => {
  const readable: Readonly<Record<string, ReadVia>> = {
    'SIP/2.0/TLS example.com': host,
    'SIP/2.0/TLS example.com:5061': { ...host, port: 5061 },
    'SIP/2.0/TLS [2001:db8::1]:5061;branch=x': { ...host, host: '[2001:db8::1]', port: 5061, branch: 'x' },
    'SIP/2.0/UDP 192.0.2.1;rport': { transport: 'UDP', host: '192.0.2.1', port: 0, rport: 0 },
    'SIP/2.0/TLS example.com;RPORT=5062;Branch=z9hG4bKa;received=192.0.2.9;alias': {
      ...host,
      branch: 'z9hG4bKa',
      received: '192.0.2.9',
      rport: 5062,
      alias: true,
    },
    'SIP/2.0/TLS example.com;received=2001:db8::9;x="a;branch=no,b";y=z': { ...host, received: '2001:db8::9' },
    'SIP/2.0/TLS example.com;branched=1;report;aliases;brance=1': host,
    'SIP/2.0/TLS example.com;branch=a, SIP/2.0/TCP two': {
      ...host,
      branch: 'a',
      rest: ', SIP/2.0/TCP two',
      more: ', SIP/2.0/TCP two',
    },
    // RFC 4475 §3.1.1.1
    'SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239':
      {
        transport: 'TCP',
        host: 'spindle.example.com',
        port: 0,
        branch: 'z9hG4bK9ikj8',
        rest: '  ,\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239',
        more: ',\r\n SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239',
      },
    'SIP / 2.0\r\n /UDP\r\n    192.0.2.2 : 5062 ;branch=390skdjuw': {
      transport: 'UDP',
      host: '192.0.2.2',
      port: 5062,
      branch: '390skdjuw',
    },
  }
  for (const [value, expected] of Object.entries(readable)) {
    test(JSON.stringify(value), () => assert.deepEqual(read(value), expected))
  }

  test('the next value is read where the last ended', () => {
    const value = 'SIP/2.0/TLS one;branch=1,SIP/2.0/TCP two:5060;branch=2'
    read(value)
    assert.deepEqual(read(value, via.end + 1), { transport: 'TCP', host: 'two', port: 5060, branch: '2' })
  })

  for (const value of [
    '',
    'SIP/2.0/TLS',
    'SIP/2.0/TLS ',
    'SIP/2.0 example.com',
    'SIP/2.0/TLSexample.com',
    'SIP//TLS example.com',
    'SIP/2.0/ example.com',
    'SIP/2.0/TLS :5061',
    'SIP/2.0/TLS <example.com>',
    'SIP/2.0/TLS example.com:',
    'SIP/2.0/TLS example.com:0',
    'SIP/2.0/TLS example.com:65536',
    'SIP/2.0/TLS example.com:5061x',
    'SIP/2.0/TLS example.com two.example.com',
    'SIP/2.0/TLS 2001:db8::1',
    'SIP/2.0/TLS [2001:db8::1',
    'SIP/2.0/TLS []',
    'SIP/2.0/TLS example.com;',
    'SIP/2.0/TLS example.com;;branch=a',
    'SIP/2.0/UDP 192.0.2.15;;,;,,',
    'SIP/2.0/TLS example.com;branch=a;branch=b',
    'SIP/2.0/TLS example.com;received=192.0.2.1;received=192.0.2.2',
    'SIP/2.0/TLS example.com;rport;rport=5060',
  ]) {
    test(`${JSON.stringify(value)} is none`, () => assert.equal(read(value), false))
  }
})

describe('markSource', () => {
  const edit = new Edit()

  function marked(value: string): string {
    const buf = Buffer.from(before + value + behind)
    assert.ok(via.read(buf, before.length, before.length + value.length))
    edit.begin(buf, before.length, before.length + value.length)
    markSource(edit, via, '192.0.2.9', 40000)
    return edit.finish().toString()
  }

  for (const [what, value, expected] of [
    ['another address: received', 'SIP/2.0/TLS phone;branch=a', 'SIP/2.0/TLS phone;branch=a;received=192.0.2.9'],
    ['the same address: nothing', 'SIP/2.0/TLS 192.0.2.9:1;branch=a', 'SIP/2.0/TLS 192.0.2.9:1;branch=a'],
    [
      'rport: both, whatever the host',
      'SIP/2.0/TLS 192.0.2.9;rport;branch=a',
      'SIP/2.0/TLS 192.0.2.9;rport=40000;branch=a;received=192.0.2.9',
    ],
    ['rport at the end', 'SIP/2.0/TLS phone;rport', 'SIP/2.0/TLS phone;rport=40000;received=192.0.2.9'],
    [
      'what the client claims is overwritten',
      'SIP/2.0/TLS phone;received=10.0.0.1;rport=7',
      'SIP/2.0/TLS phone;received=192.0.2.9;rport=40000',
    ],
    [
      'no parameters, and another value',
      'SIP/2.0/TLS phone , SIP/2.0/TLS next',
      'SIP/2.0/TLS phone;received=192.0.2.9 , SIP/2.0/TLS next',
    ],
  ] as const) {
    test(what, () => assert.equal(marked(value), expected))
  }

  test('IPv6 is compared without its brackets and without case', () => {
    const buf = Buffer.from('SIP/2.0/TLS [2001:DB8::1]')
    assert.ok(via.read(buf, 0, buf.length))
    assert.equal(via.host(), '2001:db8::1')
    assert.equal(via.hostIs('2001:db8::1'), true)
    assert.equal(via.hostIs('2001:db8::2'), false)
  })
})
