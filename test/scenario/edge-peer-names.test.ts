/**
 * RFC 5922: whether the certificate of a server names the domain that a request is for. client_domain says what follows
 * from it: nothing (off), a word in the event (report), or that nothing is sent there (enforce).
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { type IssueOptions, TestCa } from '../support/certificates.js'
import { type DnsRecord, DnsServer } from '../support/dns-server.js'
import { clientDomain, sceneCa } from '../support/domains.js'
import { startEdgeCast } from '../support/edge-cast.js'
import { assertFailure } from '../support/failure.js'
import { startLine } from '../support/sip.js'
import { reached, SipTrunk } from '../support/sip-trunk.js'
import { tempDir } from '../support/tmp.js'

interface Case {
  readonly what: string
  /** what the certificate names; `DOMAIN` stands for the domain that is asked for */
  readonly names: IssueOptions
  readonly settings: Readonly<Record<string, unknown>>
  /** `verify` and `verify_name` of the event, undefined: not there */
  readonly verdicts: readonly [verify: string, name: string | undefined]
  /** nothing is sent there, for this cause */
  readonly refused?: string
  /** `peer_identities` of the event */
  readonly identities?: string
  readonly ca?: TestCa
  /** the domain has SRV records, which lead to this name */
  readonly target?: string
  /** the Request-URI names no domain but the address */
  readonly byAddress?: boolean
}

const matching = { dns: ['DOMAIN'] }
const other = { dns: ['other.example.com'] }
const [report, enforce, off] = [{ verify_name: 'report' }, { verify_name: 'enforce' }, { verify_name: 'off' }]
const wildcard = { ...enforce, verify_name_wildcard: 1 }
const mismatch = ['ok', 'mismatch'] as const
const ok = ['ok', 'ok'] as const
const refused = 'cert-name-mismatch'

const cases: readonly Case[] = [
  { what: 'report is the default: a match', names: matching, settings: {}, verdicts: ok, identities: 'DOMAIN' },
  { what: 'report is the default: a mismatch is no obstacle', names: other, settings: {}, verdicts: mismatch },
  { what: 'report, mismatch', names: other, settings: report, verdicts: mismatch, identities: 'other.example.com' },
  { what: 'enforce, match', names: matching, settings: enforce, verdicts: ok },
  { what: 'enforce, mismatch', names: other, settings: enforce, verdicts: mismatch, refused },
  { what: 'off, mismatch', names: other, settings: off, verdicts: ['ok', undefined] },
  {
    what: 'a wildcard covers nothing',
    names: { dns: ['*.example.com'] },
    settings: enforce,
    verdicts: mismatch,
    refused,
  },
  {
    what: 'verify_name_wildcard: it covers one label',
    names: { dns: ['*.example.com'] },
    settings: wildcard,
    verdicts: ok,
  },
  {
    what: 'verify_name_wildcard: not two',
    names: { dns: ['*.com'] },
    settings: wildcard,
    verdicts: mismatch,
    refused,
  },
  { what: 'a SIP URI', names: { uris: ['sip:DOMAIN'] }, settings: enforce, verdicts: ok, identities: 'DOMAIN' },
  {
    what: 'beside a SIP URI DNS names do not count',
    names: { uris: ['sip:other.example.com'], dns: ['DOMAIN'] },
    settings: enforce,
    verdicts: mismatch,
    refused,
  },
  {
    what: 'other URIs and SIP URIs of users do not count',
    names: { uris: ['https://other.example.com', 'sip:alice@other.example.com'], dns: ['DOMAIN'] },
    settings: enforce,
    verdicts: ok,
  },
  { what: 'the common name, when there is nothing else', names: { cn: 'DOMAIN' }, settings: enforce, verdicts: ok },
  {
    what: 'the common name does not count beside others',
    names: { cn: 'DOMAIN', ...other },
    settings: enforce,
    verdicts: mismatch,
    refused,
  },
  {
    what: 'SRV records: it must name the domain',
    names: matching,
    settings: enforce,
    verdicts: ok,
    target: 'target.example.com',
  },
  {
    what: 'SRV records: naming the target is not enough, because DNS could forge it (§4)',
    names: { dns: ['target.example.com'] },
    settings: enforce,
    verdicts: mismatch,
    refused,
    target: 'target.example.com',
  },
  {
    what: 'server_name: that is the name wanted',
    names: other,
    settings: { ...enforce, server_name: 'other.example.com' },
    verdicts: ok,
  },
  {
    what: 'an address in the Request-URI',
    names: { ips: ['127.0.0.1'] },
    settings: enforce,
    verdicts: ok,
    byAddress: true,
  },
  {
    what: 'an address that it does not name',
    names: { ips: ['127.0.0.2'] },
    settings: enforce,
    verdicts: mismatch,
    refused,
    byAddress: true,
  },
  {
    what: 'a stranger issued it',
    names: matching,
    settings: report,
    verdicts: ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ok'],
    refused: 'unknown-ca',
    ca: TestCa.create(),
  },
  {
    what: 'a stranger issued it, and verify_cert is 0: it vouches for nobody',
    names: matching,
    settings: { ...report, verify_cert: 0 },
    verdicts: ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ok'],
    identities: '',
    ca: TestCa.create(),
  },
]

const scope = { after }
const dir = tempDir(scope)
const records: DnsRecord[] = []

async function prepared(one: Case, number: number) {
  const domain = `d${number}.example.com`
  const named = JSON.parse(JSON.stringify(one.names).replaceAll('DOMAIN', domain)) as IssueOptions
  const trunk = await SipTrunk.tls(scope, (one.ca ?? sceneCa).issue(named))
  const host = one.target ?? domain
  records.push({ type: 'A', name: host, address: '127.0.0.1' })
  if (one.target !== undefined) {
    records.push({
      type: 'SRV',
      name: `_sips._tcp.${domain}`,
      priority: 1,
      weight: 1,
      port: trunk.port,
      target: one.target,
    })
  }
  const uri = one.byAddress ? `sips:bob@${trunk.address}` : `sips:bob@${domain}${one.target ? '' : `:${trunk.port}`}`
  return { ...one, domain, trunk, uri, identities: one.identities?.replace('DOMAIN', domain) }
}

const all = await Promise.all(cases.map(prepared))
const dns = await DnsServer.start(scope, records)
const { scene, coreServer } = await startEdgeCast(scope, {
  relay: { dns_server: [`127.0.0.1:${dns.address.port}`] },
  tls_mgm: { client_domain: all.map(({ trunk, settings }) => clientDomain(dir, trunk.port, settings)) },
})
const server = await coreServer()

describe('the certificate of a server', () => {
  for (const { what, trunk, uri, verdicts, refused, identities } of all) {
    test(`${what}: ${refused === undefined ? 'relayed' : `503, ${refused}`}`, async () => {
      const about = { peer: trunk.address }
      if (refused === undefined) {
        await reached(trunk, server, { uri })
      } else {
        const { answer } = await server.request({ method: 'MESSAGE', uri, transport: 'TCP' })
        assert.equal(startLine(answer), 'SIP/2.0 503 Service Unavailable')
        await assertFailure(scene, 'CONNECTED', refused, about)
        assert.equal(trunk.arrivals.length, 0)
      }
      const event = await scene.event('CONNECTED', about)
      assert.deepEqual([event.verify, event.verify_name], verdicts)
      if (identities !== undefined) assert.equal(event.peer_identities ?? '', identities)
    })
  }
})
