import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import { type ConnectionFilter, searchFields } from '../../../src/base/live.js'
import { compileSearch, type SearchSurroundings } from '../../../src/live/search/search.js'
import { assertLinear } from '../../support/linear.js'
import { certificate, closedOf, live, startMicros } from './connections-made-up.js'

const around: SearchSurroundings = {
  nowMicros: () => startMicros + 600_000_000,
  traced: () => false,
  usersOf: () => [],
  connectionsOfCall: () => [],
}

function compiled(filter: ConnectionFilter, changes: Partial<SearchSurroundings> = {}) {
  const search = compileSearch(filter, { ...around, ...changes })
  assert.ok('matches' in search, JSON.stringify(search))
  return search
}

const found = (search: string, facts: ConnectionFacts, changes: Partial<SearchSurroundings> = {}): boolean =>
  compiled({ search }, changes).matches(facts)

function problem(search: string): string {
  const result = compileSearch({ search }, around)
  assert.ok('problem' in result, `"${search}" was accepted`)
  return result.problem
}

/** That each of `matching` finds the connection and none of the others does. */
function assertFinds(facts: ConnectionFacts, matching: string[], others: string[]): void {
  for (const search of matching) assert.equal(found(search, facts), true, search)
  for (const search of others) assert.equal(found(search, facts), false, search)
}

const phone = () =>
  live({
    domain: 'default',
    users: ['alice@example.com', 'Bob@example.org'],
    peerCertificate: { ...certificate('phone'), subject: '/O=Example GmbH/CN=pbx7', sha256: `3fa9${'0'.repeat(60)}` },
  })

describe('a field', () => {
  test('finds addresses, networks and ports', () => {
    assertFinds(
      phone(),
      [
        'peer:203.0.113.9',
        'peer:203.0.113.0/24',
        'peer:0.0.0.0/0',
        'peer:203.0.113.9:50412',
        'peer::50412',
        'peer:::ffff:203.0.113.9',
        'local:192.0.2.1:5061',
        'local:192.0.2.1',
      ],
      ['peer:203.0.113.8', 'peer:203.0.114.0/24', 'peer:203.0.113.9:5041', 'peer:::/0', 'local:192.0.2.1:5062'],
    )
    assertFinds(
      live({ peer: { ip: '2001:db8::9', port: 5061 } }),
      ['peer:2001:db8::9', 'peer:2001:DB8::/32', 'peer:[2001:db8::9]:5061', 'peer:[2001:db8:0::9]'],
      ['peer:2001:db8::8', 'peer:[2001:db8::9]:5062', 'peer:0.0.0.0/0', 'peer:203.0.113.0/24'],
    )
  })

  test('finds SNI and TLS domain, with * for any text', () => {
    assertFinds(
      phone(),
      ['sni:sip.example.com', 'sni:*.example.com', 'sni:SIP.*', 'sni:*', 'sni:s*p*c*m', 'domain:def*'],
      ['sni:example.com', 'sni:*.example', 'sni:sip.example.com.example.com', 'sni:*m*m*m', 'domain:other'],
    )
    assert.equal(found('sni:*', live({ sni: undefined })), false)
    assert.equal(found('sni:aba*aba', live({ sni: 'aba' })), false)
  })

  test('finds TLS versions, also those below and above', () => {
    const tls = phone().tls!
    const of = (version: string) => live({ tls: { ...tls, version } })
    assertFinds(
      of('TLSv1.2'),
      [
        'version:TLSv1.2',
        'version:1.2',
        'version:tls1.2',
        'version:<1.3',
        'version:>=1.2',
        'version:<=1.2',
        'version:=1.2',
      ],
      ['version:1.3', 'version:<1.2', 'version:>1.2', 'version:1'],
    )
    assertFinds(of('TLSv1'), ['version:TLSv1', 'version:1.0', 'version:<TLSv1.2'], ['version:TLSv1.1'])
    assert.equal(found('version:>=1.0', live({ tls: undefined })), false)
  })

  test('finds cipher, JA4, subject and fingerprint by a part or the beginning', () => {
    assertFinds(
      phone(),
      [
        'cipher:aes_256',
        'ja4:t13d1516h2',
        'subject:CN=pbx7',
        'subject:"example gmbh"',
        'fingerprint:3fa9',
        'fingerprint:3F:A9:00',
        `fingerprint:${'ab'.repeat(32)}`, // our own
      ],
      ['cipher:CHACHA20', 'ja4:3d1516', 'subject:CN=pbx8', 'fingerprint:fa9', 'subject:"GmbH Example"'],
    )
  })

  test('finds the words that only a few can be', () => {
    assertFinds(
      phone(),
      [
        'direction:in',
        'transport:TLS',
        'side:edge',
        'listener:0.0.0.0',
        'verify:ok',
        'trusted:yes',
        'state:open',
        'traced:no',
      ],
      [
        'direction:out',
        'transport:udp',
        'side:core',
        'listener::5062',
        'verify:CERT*',
        'trusted:no',
        'state:handshake',
      ],
    )
    assert.equal(found('traced:yes', phone(), { traced: () => true }), true)
    assert.equal(found('verify:cert_*', live({ tls: { ...phone().tls!, verify: 'CERT_HAS_EXPIRED' } })), true)
    assertFinds(live({ trusted: undefined }), ['-trusted:yes'], ['trusted:yes', 'trusted:no'])
  })

  test('finds ages, of a closed connection how long it lived', () => {
    assertFinds(phone(), ['older:10m', 'younger:11m'], ['older:10m1s', 'younger:10m'])
    assertFinds(closedOf(phone(), 'idle', 30_000), ['older:30s', 'younger:31s'], ['older:10m'])
  })

  test('finds causes of closed connections', () => {
    assertFinds(closedOf(phone(), 'cert-expired'), ['cause:cert-expired', 'cause:cert-*'], ['cause:idle'])
    assert.equal(found('cause:peer-alert-bad_certificate', closedOf(phone(), 'peer-alert-bad_certificate')), true)
    assert.equal(found('cause:cert-expired', phone()), false)
  })

  test('finds users that registered and users seen in messages, by name or by address', () => {
    assertFinds(
      phone(),
      ['user:alice', 'user:alice@example.com', 'user:BOB', 'user:ali*', 'user:*@example.org'],
      ['user:alic', 'user:alice@example.org', 'user:example.com'],
    )
    const usersOf = () => ['carol@example.com']
    assert.equal(found('user:carol', phone(), { usersOf }), true)
    assert.equal(found('user:dave', phone(), { usersOf }), false)
  })

  test('finds a call, asked once for a walk and again later', () => {
    const [first, second] = [phone(), phone()]
    let nowMicros = startMicros
    let asked: string[] = []
    let legs = [first.id]
    const { matches } = compiled(
      { search: 'call:a84b4c@pc33' },
      {
        nowMicros: () => nowMicros,
        connectionsOfCall: (callId) => {
          asked.push(callId)
          return legs
        },
      },
    )
    assert.deepEqual([first, second, first].map(matches), [true, false, true])
    assert.deepEqual(asked, ['a84b4c@pc33'])
    legs = [second.id]
    nowMicros += 1_000_000
    asked = []
    assert.deepEqual([first, second].map(matches), [false, true])
    assert.equal(asked.length, 1)
  })

  test('finds a conn_id by its beginning', () => {
    const facts = phone()
    assertFinds(facts, [`conn_id:${facts.id}`, `conn_id:${facts.id.slice(0, 9)}`], [`conn_id:${facts.id.slice(1)}`])
  })

  test('may stand in a query of its own', () => {
    const { matches } = compiled({ search: 'alice', fields: { version: '1.3', direction: 'in' } })
    assert.equal(matches(phone()), true)
    assert.equal(compiled({ fields: { direction: 'out' } }).matches(phone()), false)
  })

  for (const { name, example } of searchFields) {
    test(`${name} takes its own example`, () => {
      compiled({ fields: { [name]: example } })
      assert.match(problem(`${name}:`), /a value is missing/)
    })
  }
})

describe('a search text', () => {
  test('without words finds everything', () => {
    assertFinds(phone(), ['', '   '], [])
  })

  test('looks for a free word in all texts, whatever the case', () => {
    const facts = phone()
    assertFinds(
      facts,
      [
        '113.9',
        '203.0.113.9:504',
        '9:50412',
        'SIP.Example',
        'alice',
        'pbx7',
        'default',
        't13d',
        facts.id.slice(4, 12),
        '"gmbh/cn"',
      ],
      ['192.0.2.1', '113.9:5041x', 'CHACHA20', 'a.ice', '9:60412'],
    )
    assertFinds(
      live({ peer: { ip: '2001:db8::9', port: 5061 } }),
      ['2001:db8::9', '[2001:db8::9]:5061', 'db8'],
      ['db9'],
    )
    assert.equal(found('carol', facts, { usersOf: () => ['carol@example.com'] }), true)
  })

  test('wants all of its terms', () => {
    assertFinds(phone(), ['alice version:1.3  direction:in'], ['alice version:1.2', 'alice bobby'])
  })

  test('turns a term around with -', () => {
    assertFinds(phone(), ['-version:1.2', '-carol', '-subject:"CN=a b"'], ['-version:1.3', '-alice'])
  })

  test('takes quotation marks and backslashes in quotation marks', () => {
    const subject = '/CN=a "b" \\c'
    const facts = live({ peerCertificate: { ...certificate('x'), subject } })
    assertFinds(facts, ['subject:"a \\"b\\" \\\\c"', '"a \\"b"'], ['subject:"a b"'])
    assert.equal(found('"sip:alice"', live({ sni: 'x', users: ['sip:alice'] })), true)
  })

  test('that only closed connections can match says so', () => {
    const closedOnly = (search: string) => compiled({ search }).closedOnly
    assert.deepEqual(['state:closed', 'cause:idle', '-state:closed', '-cause:idle', 'state:open', ''].map(closedOnly), [
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })
})

describe('a mistake is answered with a sentence', () => {
  test('that names the field that was meant', () => {
    assert.match(problem('subjct:pbx'), /subjct: .*Did you mean subject\?/)
    assert.match(problem('qqqqqqqq:1'), /The names are peer, local, sni/)
    assert.match(problem('state:opened'), /handshake or open or closed/)
    assert.match(problem('cause:cert-expird'), /no such cause, but there is cert-expired;/)
    const fields = { constructor: 'x' } as ConnectionFilter['fields'] & object
    assert.ok('problem' in compileSearch({ fields }, around))
  })

  test('that says what is expected, with an example', () => {
    assert.match(problem('peer:203.0.113.0/33'), /address or network .*for example peer:203\.0\.113\.0\/24/)
    for (const bad of ['peer:203.0.113.0/24:5061', 'peer:phone', 'local:192.0.2.1:123456', 'peer:1:2']) {
      assert.match(problem(bad), /address or network/)
    }
    assert.match(problem('older:10'), /a duration such as 10m/)
    assert.match(problem('version:SSLv3'), /a version from TLSv1, /)
    assert.match(problem('version:1.4'), /a version from/)
    assert.match(problem('fingerprint:xyz'), /hex digits/)
    assert.match(problem('conn_id:12a'), /beginning of a number/)
    assert.match(problem('-'), /nothing to look for/)
    assert.match(problem('alice ""'), /nothing to look for/)
    assert.match(problem('alice subject:"CN=a b'), /quotation marks after "alice" are not in pairs/)
    assert.match(problem('"a"b'), /not in pairs/)
    assert.match(problem('alice "a"b'), /not in pairs/)
  })

  test('when it asks too much of the gateway', () => {
    assert.match(problem('a '.repeat(21)), /at most 20 terms/)
    assert.match(problem('a'.repeat(1001)), /at most 1000 characters/)
  })
})

test('stars in a name that a peer chose cost time in proportion to it', () => {
  const { matches } = compiled({ search: `sni:${'*a'.repeat(12)}b` })
  assertLinear((size) => {
    const facts = live({ sni: 'a'.repeat(size) })
    return () => assert.equal(matches(facts), false)
  }, 100_000)
})
