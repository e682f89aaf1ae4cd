/**
 * RFC 3261 §16.11: the branch of a stateless proxy is the same for all that belongs to one transaction, so that the
 * servers behind it see one transaction, and another for any other.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { pathTo, startEdgeCast } from '../support/edge-cast.js'
import { changed, headerOf, headersOf, sipAnswer, sipRequest, startLine, token } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'

const scope = { after }
const cast = await startEdgeCast(scope)
const { core, corePort } = cast
const [phone, otherPhone, server] = [await cast.phone(), await cast.phone(), await cast.coreServer()]
const path = await pathTo(phone, core)

/** The branch of our Via on the request as it comes out at the other side. */
async function branchOf(request: Buffer, from: SipStream, to: SipStream): Promise<string> {
  from.send(request)
  const [ours, theirs] = headersOf(await to.next(), 'Via')
  assert.ok(theirs!.startsWith(headerOf(request, 'Via')!.split(';')[0]!), 'the Via below ours is that of the sender')
  return /;branch=(z9hG4bK[^;]+)/.exec(ours!)![1]!
}

/** The requests that belong to the transaction of an INVITE. */
function cancelOf(invite: Buffer): Buffer {
  return changed(changed(invite, /^INVITE/, 'CANCEL'), /^CSeq: 1 INVITE/m, 'CSeq: 1 CANCEL')
}

/** The ACK for an answer that was no 2xx has the To tag of that answer. */
function ackOf(invite: Buffer): Buffer {
  const ack = changed(changed(invite, /^INVITE/, 'ACK'), /^CSeq: 1 INVITE/m, 'CSeq: 1 ACK')
  return changed(ack, /^To: .*/m, `To: ${headerOf(sipAnswer(invite, '486 Busy Here'), 'To')}`)
}

/** Another request than `request` in one thing: a transaction of its own. */
type Other = readonly [what: string, found: string | RegExp, replacement: string]

function transactions(name: string, invite: () => Buffer, others: readonly Other[]): void {
  const ways = {
    'from a phone': [phone, core],
    'from the core': [server, phone],
  } as const

  for (const [way, [from, to]] of Object.entries(ways)) {
    describe(`${name}, ${way}`, () => {
      const request = (): Buffer => (from === server ? changed(invite(), /^To:/m, `Route: ${path}\r\nTo:`) : invite())

      test('is one for the request, its retransmission, its CANCEL and the ACK of its failure', async () => {
        const first = request()
        const branch = await branchOf(first, from, to)
        assert.match(branch, /^z9hG4bKhg\d+\.[0-9a-f]{16}\.[0-9a-f]{16}$/)
        assert.equal(await branchOf(first, from, to), branch, 'retransmission')
        assert.equal(await branchOf(cancelOf(first), from, to), branch, 'CANCEL')
        assert.equal(await branchOf(ackOf(first), from, to), branch, 'ACK')
      })

      for (const [what, found, replacement] of others) {
        test(`is another for ${what}`, async () => {
          const first = request()
          const branch = await branchOf(first, from, to)
          assert.notEqual(await branchOf(changed(first, found, replacement), from, to), branch)
        })
      }
    })
  }
}

transactions('a branch', () => sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }), [
  ['another branch of the sender', /branch=z9hG4bK\w+/, 'branch=z9hG4bKanother'],
  ['another sender by the same branch', '192.0.2.10:50000', '192.0.2.11:50000'],
  ['another port of the sender', '192.0.2.10:50000', '192.0.2.10:50001'],
])

transactions(
  'the branch of an RFC 2543 peer, which gives none',
  () => sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', via: 'SIP/2.0/TLS 192.0.2.10:50000' }),
  [
    ['another Request-URI', 'sip:bob@', 'sip:carol@'],
    ['another Call-ID', /^Call-ID: /m, 'Call-ID: x'],
    ['another CSeq', 'CSeq: 1 ', 'CSeq: 2 '],
    ['another From tag', ';tag=', ';tag=x'],
    ['another Via', '192.0.2.10:50000', '192.0.2.10:50001'],
  ],
)

transactions(
  'the branch of an RFC 2543 peer, which gives one that says nothing',
  () => sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com', via: 'SIP/2.0/TLS 192.0.2.10:50000;branch=1' }),
  [['another CSeq', 'CSeq: 1 ', 'CSeq: 2 ']],
)

test('the same bytes on another connection are another transaction: its answers go there', async () => {
  const request = sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' })
  const branches = [await branchOf(request, phone, core), await branchOf(request, otherPhone, core)]
  assert.notEqual(branches[0], branches[1])
})

test('a branch that differs in the case of its letters alone is the same one', async () => {
  const via = (branch: string): string => `SIP/2.0/TLS 192.0.2.10:50000;branch=${branch}`
  const request = { method: 'INVITE', uri: 'sip:bob@example.com', callId: token() }
  const branch = await branchOf(sipRequest({ ...request, via: via('z9hG4bKabc') }), phone, core)
  assert.equal(await branchOf(sipRequest({ ...request, via: via('Z9HG4BKABC') }), phone, core), branch)
})

describe('our Via', () => {
  test('names the socket of ours that the other side reaches us at, and its transport', async () => {
    phone.send(sipRequest({ method: 'MESSAGE', uri: 'sip:bob@example.com' }))
    const up = await core.next()
    assert.match(headerOf(up, 'Via')!, new RegExp(`^SIP/2\\.0/TCP 127\\.0\\.0\\.1:${corePort};branch=`))
    server.send(sipRequest({ method: 'MESSAGE', headers: [`Route: ${path}`] }))
    const down = await phone.next()
    assert.match(headerOf(down, 'Via')!, new RegExp(`^SIP/2\\.0/TLS sip\\.example\\.com:${cast.edgePort};branch=`))
  })

  test('stands above all others, whether they stand in lines or in lists', async () => {
    const [top, below] = ['SIP/2.0/TLS 192.0.2.10;branch=z9hG4bKa', 'SIP/2.0/TCP 192.0.2.20;branch=z9hG4bKb']
    const marked = `${top};received=127.0.0.1`
    phone.send(sipRequest({ method: 'MESSAGE', via: `${top} , ${below}` }))
    assert.deepEqual(headersOf(await core.next(), 'Via').slice(1), [`${marked} , ${below}`])
    phone.send(sipRequest({ method: 'MESSAGE', via: top, headers: [`Via: ${below}`] }))
    assert.deepEqual(headersOf(await core.next(), 'Via').slice(1), [marked, below])
  })
})

test('an ACK for a 2xx is relayed as the transaction of its own that it is', async () => {
  const invite = sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' })
  const branch = await branchOf(invite, phone, core)
  const ack = changed(ackOf(invite), /branch=z9hG4bK\w+/, `branch=z9hG4bK${token()}`)
  phone.send(ack)
  const came = await core.next()
  assert.match(startLine(came), /^ACK /)
  assert.ok(!headerOf(came, 'Via')!.includes(branch))
})
