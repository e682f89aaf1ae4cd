import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CallSeals } from '../../../src/relay/call-seal.js'
import type { SipMessage } from '../../../src/sip/message.js'
import { indexed, request } from '../sip/indexed.js'

const token = 'bm9ib2R5IGtub3dzIHRoaXMgdG9rZW4'
const seals = new CallSeals('a secret that survives a restart')

function inCall(callId: string, line = ''): SipMessage {
  return indexed(request([`Call-ID: ${callId}`, ...(line === '' ? [] : [line])]))
}

/** Is `seal` good for that token in that call? It stands in a Route, as it comes back. */
function holds(seal: string, callId: string, of = token, by = seals): boolean {
  const message = inCall(callId, `Route: <sip:${of}@sip.example.com;lr;seal=${seal}>`)
  const from = message.buf.indexOf(';seal=') + ';seal='.length
  return by.holds(of, message, from, from + seal.length)
}

describe('the seal of a token', () => {
  const seal = seals.seal(token, inCall('a@b'))

  it('is 16 hex digits, which need no escaping in a URI', () => assert.match(seal, /^[0-9a-f]{16}$/))

  it('is good for the token in this call, whatever else the request says', () => {
    assert.equal(seals.seal(token, inCall('a@b', 'Subject: another request of the call')), seal)
    assert.equal(holds(seal, 'a@b'), true)
    assert.equal(holds(seal, 'a@b'), true, 'asked again')
  })

  it('is good after a restart and at another gateway, by the same secret as text or bytes', () => {
    const secret = 'a secret that survives a restart'
    assert.equal(holds(seal, 'a@b', token, new CallSeals(secret)), true)
    assert.equal(new CallSeals(Buffer.from(secret)).seal(token, inCall('a@b')), seal)
  })

  for (const [what, good] of Object.entries({
    'in another call': holds(seal, 'a@c'),
    'in a call whose Call-ID differs by case, which tells calls apart': holds(seal, 'A@b'),
    'for another token': holds(seal, 'a@b', `${token}A`),
    'where token and Call-ID are cut elsewhere': holds(seal, 'xa@b', token.slice(0, -1)),
    'by another secret': holds(seal, 'a@b', token, new CallSeals('another secret')),
    'with one digit changed': holds(seal.slice(0, -1) + (seal.endsWith('0') ? '1' : '0'), 'a@b'),
    'cut off': holds(seal.slice(0, -1), 'a@b'),
    'with more behind it': holds(`${seal}0`, 'a@b'),
    'where there is none': holds('', 'a@b'),
  })) {
    it(`is not good ${what}`, () => assert.equal(good, false))
  }

  it('none in the message at all is none', () => assert.equal(seals.holds(token, inCall('a@b'), -1, -1), false))
})
