import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { firstForAddress, mostSpecific, ruleOf } from '../../../src/tls/domain-match.js'

/** `rules('a', '10.0.0.1', 'x.com')`: domain a for that address and name; several are separated by spaces. */
const rules = (...domains: [name: string, addresses: string, names: string][]) =>
  domains.map(([name, addresses, names]) =>
    ruleOf(name, { match_ip_address: addresses.split(' '), match_sip_domain: names.split(' ') }),
  )
const at = (ip: string, port = 5061) => ({ ip, port })

describe('the TLS domain for an address', () => {
  const byAddress = rules(
    ['any', '*', '*'],
    ['net16', '10.0.0.0/16', '*'],
    ['net24', '10.0.0.0/24', '*'],
    ['host', '10.0.0.1', '*'],
    ['port', '10.0.0.1:5061', '*'],
    ['v6any', '::/0', '*'],
    ['v6net', '2001:db8::/32', '*'],
    ['v6', '2001:db8::1', '*'],
    ['v6port', '[2001:db8::1]:5061', '*'],
  )
  const cases = [
    ['192.0.2.1', 5061, 'any'],
    ['10.0.7.7', 5061, 'net16'],
    ['10.0.0.7', 5061, 'net24'],
    ['10.0.0.1', 5060, 'host'],
    ['10.0.0.1', 5061, 'port'],
    ['2001:db8::7', 5061, 'v6net'],
    ['2001:db8::1', 5060, 'v6'],
    ['2001:db8::1', 5061, 'v6port'],
    ['fe80::1', 5061, 'v6any'],
  ] as const
  for (const [ip, port, expected] of cases) {
    it(`${ip} port ${port} is the most specific: ${expected}`, () => {
      assert.equal(mostSpecific(byAddress, { ip, port }, undefined), expected)
      assert.equal(mostSpecific(byAddress.toReversed(), { ip, port }, undefined), expected, 'in any order')
    })
  }

  it('is none where none matches', () => {
    assert.equal(mostSpecific(rules(['a', '10.0.0.1:5061', '*']), at('10.0.0.1', 5062), undefined), undefined)
    assert.equal(mostSpecific([], at('10.0.0.1'), 'x.com'), undefined)
  })

  it('is the first declared among equals', () => {
    const twice = rules(['a', '10.0.0.1', '*'], ['b', '10.0.0.1', '*'])
    assert.equal(mostSpecific(twice, at('10.0.0.1'), 'x.com'), 'a')
    assert.equal(firstForAddress(twice, at('10.0.0.1')), 'a')
  })

  it('may be asked for whatever the name', () => {
    const named = rules(['any', '*', 'x.com'], ['here', '10.0.0.1', 'y.com'])
    assert.equal(firstForAddress(named, at('10.0.0.1')), 'here')
    assert.equal(firstForAddress(named, at('10.0.0.2')), 'any')
  })
})

describe('the TLS domain for a name', () => {
  const byName = rules(
    ['any', '*', '*'],
    ['none', '*', 'none'],
    ['wild', '*', '*.example.com'],
    ['longer', '*', '*.eu.example.com'],
    ['exact', '*', 'sip.eu.example.com other.org'],
  )
  const cases = [
    [undefined, 'none'],
    ['unknown.net', 'any'],
    ['none', 'any'],
    ['example.com', 'any'],
    ['sip.example.com', 'wild'],
    ['a.b.example.com', 'wild'],
    ['notexample.com', 'any'],
    ['a.eu.example.com', 'longer'],
    ['sip.eu.example.com', 'exact'],
    ['Other.ORG.', 'exact'],
  ] as const
  for (const [name, expected] of cases) {
    it(`${name ?? 'without a name'} is ${expected}`, () => {
      assert.equal(mostSpecific(byName, at('10.0.0.1'), name), expected)
      assert.equal(mostSpecific(byName.toReversed(), at('10.0.0.1'), name), expected, 'in any order')
    })
  }

  it('comes second to the address', () => {
    const both = rules(['name', '*', 'sip.example.com'], ['address', '10.0.0.1', '*'])
    assert.equal(mostSpecific(both, at('10.0.0.1'), 'sip.example.com'), 'address')
    assert.equal(mostSpecific(both, at('10.0.0.2'), 'sip.example.com'), 'name')
  })

  it('falls back to a less specific address when the name matches only there', () => {
    const both = rules(['any', '*', 'b.com'], ['here', '10.0.0.1', 'a.com'])
    assert.equal(mostSpecific(both, at('10.0.0.1'), 'b.com'), 'any')
  })
})
