import assert from 'node:assert/strict'
import { test } from 'node:test'
import { domainViews } from '../../../src/live/overview/domains.js'
import { certificate, live } from './connections-made-up.js'

const now = new Date('2026-12-22T12:00:00Z')
const current = { ...certificate('sip.example.com'), sha256: '01'.repeat(32) }
const replaced = { ...certificate('sip.example.com'), sha256: '02'.repeat(32) }

test('a domain tells its certificates, days left, and the connections made with each', () => {
  const domains = [{ name: 'default', role: 'server' as const, certificates: [current] }]
  const connections = [live({ ownCertificate: current }), live({ ownCertificate: current }), live({ domain: 'other' })]
  const [view] = domainViews(domains, connections, now)
  const [shown] = view!.certificates
  assert.deepEqual([view?.name, view?.role, view?.outdated], ['default', 'server', { count: 0, conn_ids: [] }])
  assert.deepEqual([shown?.subject, shown?.days_left, shown?.connections], [current.subject, 9, 2])
})

test('connections that still run on a certificate that was replaced are named', () => {
  const domains = [{ name: 'default', role: 'server' as const, certificates: [current] }]
  const old = live({ ownCertificate: replaced })
  const [view] = domainViews(
    domains,
    [old, live({ ownCertificate: current }), live({ ownCertificate: undefined })],
    now,
  )
  assert.deepEqual(view?.outdated, { count: 1, conn_ids: [old.id] })
})

test('of very many that are outdated some are named and all counted', () => {
  const domains = [{ name: 'default', role: 'server' as const, certificates: [current] }]
  const connections = Array.from({ length: 250 }, () => live({ ownCertificate: replaced }))
  const { outdated } = domainViews(domains, connections, now)[0]!
  assert.deepEqual([outdated.count, outdated.conn_ids.length], [250, 100])
})

test('a server domain and a client domain of one name are two', () => {
  const domains = (['server', 'client'] as const).map((role) => ({ name: 'default', role, certificates: [current] }))
  const connections = [
    live({ ownCertificate: current, direction: 'out' }),
    live({ ownCertificate: current, direction: 'out' }),
    live({ ownCertificate: current }),
  ]
  assert.deepEqual(
    domainViews(domains, connections, now).map(({ role, certificates }) => [role, certificates[0]?.connections]),
    [
      ['server', 1],
      ['client', 2],
    ],
  )
})
