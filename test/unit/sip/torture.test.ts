/**
 * The torture messages of RFC 4475 on a stream. They are datagrams made for parsers: most that are
 * invalid are so in a way the framer does not judge, and go to the server whole.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { vectorsDir } from '../../support/paths.js'
import { framingAtEverySplit } from './frames.js'

/** What comes of it: `framed` means one message that is the whole file. */
type Outcome = 'framed' | 'incomplete' | RegExp

const outcomes: Readonly<Record<string, Outcome>> = {
  // §3.1.1: valid
  'valid/esc01': 'framed',
  'valid/esc02': 'framed',
  'valid/escnull': 'framed',
  'valid/intmeth': 'framed',
  'valid/longreq': 'framed',
  'valid/lwsdisp': 'framed',
  'valid/mpart01': 'framed',
  'valid/noreason': 'framed',
  'valid/semiuri': 'framed',
  'valid/transports': 'framed',
  'valid/unreason': 'framed',
  'valid/wsinv': 'framed',

  // A stream cannot be read on behind these.
  'invalid/inv2543': /no Content-Length/, // §3.4.1: fine in 1999, over UDP
  'invalid/mcl01': /two Content-Length headers differ/, // §3.3.9
  'invalid/ncl': /Content-Length is not a number/, // §3.1.2.3: −999
  'invalid/test': /neither a SIP request nor a SIP reply/, // no version in the first line

  // Their end has not come.
  'invalid/clerr': 'incomplete', // §3.1.2.2: Content-Length 9999 over less
  'invalid/baddn': 'incomplete', // the file lacks the empty line

  // The server behind answers these.
  'invalid/badaspec': 'framed',
  'invalid/badbranch': 'framed',
  'invalid/baddate': 'framed',
  'invalid/badinv01': 'framed',
  'invalid/badvers': 'framed', // SIP/7.0: 505 is the server's to say
  'invalid/bcast': 'framed',
  'invalid/bext01': 'framed',
  'invalid/bigcode': 'framed',
  'invalid/cparam01': 'framed',
  'invalid/cparam02': 'framed',
  'invalid/escruri': 'framed',
  'invalid/insuf': 'framed', // without Call-ID, From and To
  'invalid/invut': 'framed',
  'invalid/ltgtruri': 'framed', // <> around the Request-URI
  'invalid/lwsruri': 'framed', // a space in the Request-URI
  'invalid/lwsstart': 'framed', // two spaces around it
  'invalid/mismatch01': 'framed',
  'invalid/mismatch02': 'framed',
  'invalid/multi01': 'framed',
  'invalid/novelsc': 'framed',
  'invalid/quotbal': 'framed',
  'invalid/regaut01': 'framed',
  'invalid/regbadct': 'framed',
  'invalid/regescrt': 'framed',
  'invalid/scalar02': 'framed',
  'invalid/scalarlg': 'framed',
  'invalid/sdp01': 'framed',
  'invalid/trws': 'framed', // white space behind the version
  'invalid/unkscm': 'framed',
  'invalid/unksm2': 'framed',
  'invalid/zeromf': 'framed',
}

const directory = `${vectorsDir}/rfc4475`

function message(name: string): Buffer {
  return readFileSync(`${directory}/${name}.dat`)
}

describe('RFC 4475', () => {
  for (const [name, outcome] of Object.entries(outcomes)) {
    test(`${name}: ${outcome}`, () => {
      const bytes = message(name)
      const { frames, fault, incomplete } = framingAtEverySplit(bytes)
      if (outcome === 'framed') {
        assert.deepEqual(
          frames.map((frame) => typeof frame === 'object' && frame.text),
          [bytes.toString('latin1')],
        )
      } else {
        assert.deepEqual(frames, [])
      }
      assert.equal(incomplete, outcome === 'incomplete')
      if (outcome instanceof RegExp) assert.match(fault?.message ?? '', outcome)
      else assert.equal(fault, undefined)
    })
  }

  test('valid/dblreq: on a stream, two messages, and then a body longer than its Content-Length', () => {
    // §3.1.1.8 sends both as one datagram, to be read as one message with trailing garbage.
    const { frames, fault } = framingAtEverySplit(message('valid/dblreq'))
    assert.deepEqual(
      frames.map((frame) => (typeof frame === 'object' ? [frame.text.slice(0, 8), frame.callId] : frame)),
      [
        ['REGISTER', 'dblreq.0ha0isndaksdj99sdfafnl3lk233412'],
        'crlf',
        ['INVITE s', 'dblreq.0ha0isnda977644900765@192.0.2.15'],
      ],
    )
    assert.equal(fault?.cause, 'bad-sip')
  })

  test('no message is forgotten', () => {
    const files = ['valid', 'invalid'].flatMap((kind) =>
      readdirSync(`${directory}/${kind}`).map((file) => `${kind}/${file.replace('.dat', '')}`),
    )
    assert.deepEqual(files.sort(), [...Object.keys(outcomes), 'valid/dblreq'].sort())
  })
})
