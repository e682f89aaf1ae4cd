import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Side } from '../../../src/base/facts.js'
import { Branches } from '../../../src/relay/branch.js'
import { field, SipMessage } from '../../../src/sip/message.js'
import { Via } from '../../../src/sip/via.js'

const connId = '7302486319104'
const key = Buffer.from('0123456789abcdef')

interface Parts {
  readonly method?: string
  readonly uri?: string
  readonly via?: string
  readonly fromTag?: string
  readonly toTag?: string
  readonly callId?: string
  readonly cseq?: number
}

const newVia = 'SIP/2.0/TLS phone.example.com:5061;branch=z9hG4bK74bf9a2c1d;rport'
/** of a peer of RFC 2543: its branch says nothing, or there is none */
const oldVia = 'SIP/2.0/UDP phone.example.com:5060'

function branchOf(branches: Branches, parts: Parts = {}, towards: Side = 'core', id = connId): string {
  const { method = 'INVITE', uri = 'sip:bob@example.com', via = newVia, fromTag = 'a1', toTag, callId = 'c1' } = parts
  const text =
    `${method} ${uri} SIP/2.0\r\n` +
    `Via: ${via}\r\n` +
    `From: <sip:alice@example.com>;tag=${fromTag}\r\n` +
    `To: <sip:bob@example.com>${toTag === undefined ? '' : `;tag=${toTag}`}\r\n` +
    `Call-ID: ${callId}\r\n` +
    `CSeq: ${parts.cseq ?? 1} ${method}\r\n\r\n`
  const buf = Buffer.from(text, 'latin1')
  const message = new SipMessage()
  message.read(buf, 0, buf.length, buf.length)
  const topmost = new Via()
  const line = message.first(field.via)
  assert.ok(topmost.read(buf, message.valueStart(line), message.valueEnd(line)), 'the test message has a Via')
  return branches.make(id, towards, message, topmost)
}

/** What a response brings back stands between other bytes. */
function sourceOf(branches: Branches, branch: string, cameFrom: Side): string | undefined {
  const buf = Buffer.from(`;branch=${branch};rport`, 'latin1')
  return branches.source(buf, 8, 8 + branch.length, cameFrom)
}

describe('branch', () => {
  const branches = new Branches(key)

  it('names the leg of the request, behind the magic cookie and our mark', () => {
    assert.match(branchOf(branches), /^z9hG4bKhg7302486319104\.[0-9a-f]{16}\.[0-9a-f]{16}$/)
    assert.equal(sourceOf(branches, branchOf(branches), 'core'), connId)
  })

  it('names any 64-bit connection', () => {
    for (const id of ['0', '18446744073709551615']) {
      assert.equal(sourceOf(branches, branchOf(branches, {}, 'edge', id), 'edge'), id)
    }
  })

  for (const [peer, via] of [
    ['RFC 3261', newVia],
    ['RFC 2543', oldVia],
    ['RFC 2543, with a branch of its own', `${oldVia};branch=1`],
    ['RFC 4475 §3.2.1, the cookie alone', `${oldVia};branch=z9hG4bK`],
  ] as const) {
    it(`is equal for an INVITE, its retransmission, its CANCEL and the ACK of its failure (${peer})`, () => {
      const invite = branchOf(branches, { via })
      assert.equal(branchOf(branches, { via }), invite)
      assert.equal(branchOf(branches, { via, method: 'CANCEL' }), invite)
      assert.equal(branchOf(branches, { via, method: 'ACK', toTag: 'b1' }), invite)
    })
  }

  it('is equal whatever the case of branch and host', () => {
    const upper = newVia
      .replace('z9hG4bK74bf9a2c1d', 'Z9HG4BK74BF9A2C1D')
      .replace('phone.example.com', 'PHONE.Example.COM')
    assert.equal(branchOf(branches, { via: upper }), branchOf(branches))
  })

  it('is another for another branch, host, port, leg, side or process', () => {
    const others = [
      branchOf(branches),
      branchOf(branches, { via: newVia.replace('2c1d', '2c1e') }),
      branchOf(branches, { via: newVia.replace('phone', 'phon2') }),
      branchOf(branches, { via: newVia.replace(':5061', ':5062') }),
      branchOf(branches, { via: newVia.replace(':5061', '') }),
      branchOf(branches, {}, 'core', '7302486319105'),
      branchOf(branches, {}, 'edge'),
      branchOf(new Branches()),
    ]
    assert.equal(new Set(others).size, others.length)
  })

  it('tells the requests of an RFC 2543 peer apart by Request-URI, From tag, Call-ID, CSeq number and Via', () => {
    const others = [
      branchOf(branches, { via: oldVia }),
      branchOf(branches, { via: oldVia, uri: 'sip:carol@example.com' }),
      branchOf(branches, { via: oldVia, fromTag: 'a2' }),
      branchOf(branches, { via: oldVia, callId: 'c2' }),
      branchOf(branches, { via: oldVia, callId: 'C1' }),
      branchOf(branches, { via: oldVia, cseq: 2 }),
      branchOf(branches, { via: `${oldVia};branch=1` }),
      branchOf(branches, { via: `${oldVia};branch=2` }),
      // the same bytes, divided otherwise
      branchOf(branches, { via: oldVia, fromTag: 'a', callId: '1c1' }),
    ]
    assert.equal(new Set(others).size, others.length)
  })

  it('is not ours when one character is another', () => {
    const branch = branchOf(branches)
    for (let i = 0; i < branch.length; i++) {
      const forged = `${branch.slice(0, i)}${branch[i] === '1' ? '2' : '1'}${branch.slice(i + 1)}`
      assert.equal(sourceOf(branches, forged, 'core'), undefined, forged)
    }
  })

  it('brings no response of the side that the request was not sent to', () => {
    assert.equal(sourceOf(branches, branchOf(branches, {}, 'core'), 'edge'), undefined)
    assert.equal(sourceOf(branches, branchOf(branches, {}, 'edge'), 'core'), undefined)
  })

  it('of another process is not ours', () => {
    assert.equal(sourceOf(new Branches(), branchOf(branches), 'core'), undefined)
  })

  it('is asked for where there is none', () => {
    assert.equal(branches.source(Buffer.from('SIP/2.0/TLS a'), -1, -1, 'core'), undefined)
  })
})
