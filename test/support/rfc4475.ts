/**
 * The torture messages of RFC 4475, and what edge mode makes of each as far as its own text decides that: on a stream as
 * TLS carries it, and in a datagram, which is what they were made for. A response that passes is still relayed only if its
 * Via is ours.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { vectorsDir } from './paths.js'

const directory = `${vectorsDir}/rfc4475`

/** What comes of one of them. */
export interface Torture {
  /** of RFC 4475 */
  readonly section: string
  readonly stream: string
  /** where it differs */
  readonly datagram?: string
  readonly why: string
}

const notAProxysMatter = 'what a proxy need not read, it does not judge'

/** By their path in the vectors. */
export const tortures: Readonly<Record<string, Torture>> = {
  'valid/wsinv': { section: '3.1.1.1', stream: 'relayed', why: 'folds, odd spacing and escapes are all allowed' },
  'valid/intmeth': { section: '3.1.1.2', stream: 'relayed', why: 'any token is a method, any byte may be escaped' },
  'valid/esc01': { section: '3.1.1.3', stream: 'relayed', why: '%40 in a user part is no @' },
  'valid/escnull': { section: '3.1.1.4', stream: 'relayed', why: '%00 in a user part ends no string' },
  'valid/esc02': { section: '3.1.1.5', stream: 'relayed', why: '% escapes nothing in methods and header names' },
  'valid/lwsdisp': { section: '3.1.1.6', stream: 'relayed', why: 'no space is needed before <' },
  'valid/longreq': { section: '3.1.1.7', stream: 'relayed', why: 'long values and 34 Via are no error' },
  'valid/dblreq': {
    section: '3.1.1.8',
    stream: 'relayed, relayed, ends the connection: bad-sip',
    datagram: 'relayed',
    why: 'what follows the body in a datagram is ignored; on a stream it is the next message, whose body here is longer than it says',
  },
  'valid/semiuri': { section: '3.1.1.9', stream: 'relayed', why: 'semicolons before @ belong to the user part' },
  'valid/transports': {
    section: '3.1.1.10',
    stream: 'relayed',
    why: 'an unknown transport in a Via is not for us to use',
  },
  'valid/mpart01': { section: '3.1.1.11', stream: 'relayed', why: 'a body is bytes, NUL and CRLF among them' },
  'valid/unreason': { section: '3.1.1.12', stream: 'relayed', why: 'a reason phrase is UTF-8' },
  'valid/noreason': { section: '3.1.1.13', stream: 'relayed', why: 'a reason phrase may be empty' },

  'invalid/badinv01': {
    section: '3.1.2.1',
    stream: '400 Unreadable Via header',
    why: 'separators with nothing between them',
  },
  'invalid/clerr': {
    section: '3.1.2.2',
    stream: 'waits for more',
    datagram: '400 Content-Length larger than the message',
    why: 'the body is shorter than Content-Length, which only a datagram can tell',
  },
  'invalid/ncl': {
    section: '3.1.2.3',
    stream: 'ends the connection: bad-sip',
    datagram: '400 Unreadable Content-Length header',
    why: 'with a negative Content-Length nobody knows where the message ends',
  },
  'invalid/scalar02': { section: '3.1.2.4', stream: '400 CSeq number too large', why: 'CSeq is below 2^31' },
  'invalid/scalarlg': {
    section: '3.1.2.5',
    stream: 'dropped: CSeq number too large',
    why: 'a broken response is discarded',
  },
  'invalid/quotbal': {
    section: '3.1.2.6',
    stream: '400 Unbalanced quotes in the To header',
    why: 'where the quote ends is a guess, and the tag depends on it',
  },
  'invalid/ltgtruri': {
    section: '3.1.2.7',
    stream: '400 Angle brackets around the Request-URI',
    why: 'the Request-URI has no <>',
  },
  'invalid/lwsruri': {
    section: '3.1.2.8',
    stream: '400 Space in the request line',
    why: 'the Request-URI holds no space',
  },
  'invalid/lwsstart': {
    section: '3.1.2.9',
    stream: '400 Space in the request line',
    why: 'one space each, and no more',
  },
  'invalid/trws': { section: '3.1.2.10', stream: '400 Space in the request line', why: 'none behind the version' },
  'invalid/escruri': {
    section: '3.1.2.11',
    stream: '400 Headers in the Request-URI',
    why: 'headers of a URI have no place there; this one would be a Route',
  },
  'invalid/baddate': { section: '3.1.2.12', stream: 'relayed', why: notAProxysMatter },
  'invalid/regbadct': {
    section: '3.1.2.13',
    stream: 'relayed',
    why: `${notAProxysMatter}: the registrar refuses the Contact`,
  },
  'invalid/badaspec': { section: '3.1.2.14', stream: 'relayed', why: 'spaces within <> of To may be overlooked' },
  'invalid/baddn': {
    section: '3.1.2.15',
    stream: 'waits for more',
    datagram: 'dropped: bad-sip',
    why: 'the file lacks the empty line; a display name without quotes would pass',
  },
  'invalid/badvers': { section: '3.1.2.16', stream: '505 Version Not Supported', why: 'SIP/7.0' },
  'invalid/mismatch01': {
    section: '3.1.2.17',
    stream: '400 CSeq names another method',
    why: 'CSeq repeats the method',
  },
  'invalid/mismatch02': {
    section: '3.1.2.18',
    stream: '400 CSeq names another method',
    why: 'the same with a method nobody knows',
  },
  'invalid/bigcode': {
    section: '3.1.2.19',
    stream: 'dropped: No status between 100 and 699',
    why: 'a status has three digits',
  },

  'invalid/badbranch': {
    section: '3.2.1',
    stream: 'relayed',
    why: 'a cookie without identifier is no branch, and transactions are told apart as in RFC 2543',
  },

  'invalid/insuf': { section: '3.3.1', stream: '400 Missing To header', why: 'no Call-ID, From and To either' },
  'invalid/unkscm': { section: '3.3.2', stream: '416 Unsupported URI Scheme', why: 'a scheme nobody knows' },
  'invalid/novelsc': { section: '3.3.3', stream: '416 Unsupported URI Scheme', why: 'a scheme, but none we route by' },
  'invalid/unksm2': {
    section: '3.3.4',
    stream: 'relayed',
    why: `${notAProxysMatter}: schemes in To, From and Contact`,
  },
  'invalid/bext01': { section: '3.3.5', stream: '420 Bad Extension', why: 'Proxy-Require is for proxies' },
  'invalid/invut': { section: '3.3.6', stream: 'relayed', why: `${notAProxysMatter}: the body` },
  'invalid/regaut01': { section: '3.3.7', stream: 'relayed', why: `${notAProxysMatter}: the registrar's challenge` },
  'invalid/multi01': {
    section: '3.3.8',
    stream: '400 More than one To header',
    why: 'To, From, Call-ID and CSeq stand once',
  },
  'invalid/mcl01': {
    section: '3.3.9',
    stream: 'ends the connection: bad-sip',
    datagram: '400 Two Content-Length headers that differ',
    why: 'two Content-Length that differ leave the end to taste',
  },
  'invalid/bcast': {
    section: '3.3.10',
    stream: 'relayed',
    why: 'nothing is ever sent to the address in a Via: a response goes to the leg that our own branch names',
  },
  'invalid/zeromf': { section: '3.3.11', stream: '483 Too Many Hops', why: 'Max-Forwards has run out' },
  'invalid/cparam01': { section: '3.3.12', stream: 'relayed', why: notAProxysMatter },
  'invalid/cparam02': { section: '3.3.13', stream: 'relayed', why: notAProxysMatter },
  'invalid/regescrt': { section: '3.3.14', stream: 'relayed', why: notAProxysMatter },
  'invalid/sdp01': { section: '3.3.15', stream: 'relayed', why: `${notAProxysMatter}: Accept` },

  'invalid/inv2543': {
    section: '3.4.1',
    stream: 'ends the connection: bad-sip',
    datagram: 'relayed',
    why: 'no Max-Forwards, no branch, no From tag, all fine in 1999; but no Content-Length, which a stream needs',
  },
  'invalid/test': {
    section: 'none',
    stream: 'ends the connection: bad-sip',
    datagram: 'dropped: bad-sip',
    why: 'an older draft: no version in the first line',
  },
}

export function tortureBytes(name: string): Buffer {
  return readFileSync(`${directory}/${name}.dat`)
}

/** Of all files. */
export function tortureNames(): string[] {
  return ['valid', 'invalid'].flatMap((kind) =>
    readdirSync(`${directory}/${kind}`).map((file) => `${kind}/${file.replace('.dat', '')}`),
  )
}
