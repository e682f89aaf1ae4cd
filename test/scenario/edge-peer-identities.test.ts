/** RFC 5922 §7.1: the domains that the verified certificate of a client names stand in its events, and a filter route can ask for them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type IssueOptions, TestCa } from '../support/certificates.js'
import { sceneCa, serverDomain } from '../support/domains.js'
import { edgeName, startEdgeCast } from '../support/edge-cast.js'
import type { EventFields } from '../support/scene.js'
import { tempDir } from '../support/tmp.js'
import { within } from '../support/wait.js'

const scope = { after }
const dir = tempDir(scope)
const lenientName = 'open.example.com'
const { scene, phone } = await startEdgeCast(scope, {
  tls_mgm: {
    server_domain: [
      serverDomain(dir, edgeName, { verify_cert: 1, ca_list: sceneCa.writeTo(dir) }),
      serverDomain(dir, lenientName, { match_sip_domain: [lenientName] }),
    ],
  },
  trust: { domains: ['carrier.example'] },
})

interface Client {
  readonly what: string
  /** undefined: it has no certificate */
  readonly names: IssueOptions | undefined
  readonly ca?: TestCa
  readonly servername?: string
  /** as in the event */
  readonly identities: string | undefined
  readonly trusted: boolean
}

const clients: readonly Client[] = [
  { what: 'DNS names', names: { dns: ['B.example', 'a.example'] }, identities: 'b.example,a.example', trusted: false },
  {
    what: 'DNS names, one of them trusted',
    names: { dns: ['a.example', 'Carrier.Example'] },
    identities: 'a.example,carrier.example',
    trusted: true,
  },
  {
    what: 'SIP URIs, beside which DNS names do not count',
    names: { dns: ['carrier.example'], uris: ['sip:a.example', 'sip:b.example;transport=tls'] },
    identities: 'a.example,b.example',
    trusted: false,
  },
  { what: 'a trusted SIP URI', names: { uris: ['sip:carrier.example'] }, identities: 'carrier.example', trusted: true },
  { what: 'the common name alone', names: { cn: 'carrier.example' }, identities: 'carrier.example', trusted: true },
  { what: 'a common name that is a person', names: { cn: 'Alice Smith' }, identities: undefined, trusted: false },
  { what: 'a wildcard', names: { dns: ['*.carrier.example'] }, identities: '*.carrier.example', trusted: false },
  { what: 'no certificate', names: undefined, identities: undefined, trusted: false },
  {
    what: 'a certificate that nobody asked for',
    names: { dns: ['carrier.example'] },
    servername: lenientName,
    identities: undefined,
    trusted: false,
  },
]

function connect({ names, ca = sceneCa, servername }: Pick<Client, 'names' | 'ca' | 'servername'>) {
  const issued = names && ca.issue(names)
  return phone({ ...(issued && { cert: issued.chainPem, key: issued.keyPem }), ...(servername && { servername }) })
}

describe('ACCEPTED', () => {
  for (const client of clients) {
    test(client.what, async () => {
      const event = await scene.event('ACCEPTED', { peer: (await connect(client)).address })
      assert.equal(event.Status, 'SUCCESS')
      assert.equal(event.peer_identities, client.identities)
      assert.equal(event.trusted, client.trusted)
    })
  }

  test('a certificate of a stranger is refused, and names nobody', async () => {
    const stranger = await connect({ names: { dns: ['carrier.example'] }, ca: TestCa.create() })
    const event = await scene.event('ACCEPTED', { peer: stranger.address, cause: 'unknown-ca' })
    await within('the connection to end', stranger.closed)
    assert.deepEqual([event.Status, event.peer_identities, event.trusted ?? false], ['FAILURE', undefined, false])
  })
})

for (const [route, wanted] of [
  ['if ($tls_trusted == 1) exit; drop;', ({ trusted }) => trusted],
  ['if ($tls_trusted == 0) exit; drop;', ({ trusted }) => !trusted],
  [
    'if ($tls_peer_identities =~ "(^|,)a\\.example(,|$)") exit; drop;',
    ({ identities }) => /a\.example(?:,|$)/.test(identities ?? ''),
  ],
  ['if ($tls_peer_identities == $null) exit; drop;', ({ identities }) => identities === undefined],
] as const satisfies readonly [string, (client: Client) => boolean][]) {
  describe(`a filter route: ${route}`, () => {
    const traced = new Map<Client, EventFields[]>()

    before(async () => {
      const answer = await scene.gateway.put('/api/v1/trace/filter', { route })
      assert.equal(answer.status, 200, await answer.text())
      const addresses = new Map<string, Client>()
      for (const client of clients) addresses.set((await connect(client)).address, client)
      // What is traced arrives in its order: this one after all of theirs.
      const last = await connect(clients.find(wanted)!)
      await scene.event('ACCEPTED', { peer: last.address })
      for (const [peer, client] of addresses) traced.set(client, scene.events({ peer }))
    })

    for (const client of clients) {
      test(`${client.what}: ${wanted(client) ? 'traced' : 'not traced'}`, () => {
        assert.equal(traced.get(client)!.length > 0, wanted(client))
      })
    }
  })
}
