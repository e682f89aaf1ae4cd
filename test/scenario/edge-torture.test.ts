/**
 * The torture messages of RFC 4475 end to end, each by a client of its own over TLS, and in a datagram of the core: what
 * passes comes out byte for byte but for what a proxy changes, what does not is answered or dropped, and neither the
 * gateway nor anybody else's connection suffers.
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { nothingMoreComes, pathTo, startEdgeCast } from '../support/edge-cast.js'
import { tortureBytes, tortureNames, tortures } from '../support/rfc4475.js'
import { headersOf, sipRequest, startLine } from '../support/sip.js'
import { SipDatagrams } from '../support/sip-datagrams.js'
import { until } from '../support/wait.js'

const scope = { after }
const cast = await startEdgeCast(scope)
const { core, scene } = cast
const [bystander, phone, server] = [await cast.phone(), await cast.phone(), await SipDatagrams.start(scope)]
const path = await pathTo(phone, core)

const counted = async () => (await scene.gateway.status()).edge!

/** A head ends here, if it ends. */
const emptyLine = '\r\n\r\n'

/** The messages that a file holds, cut by hand: only one holds two. */
function messagesIn(name: string): string[] {
  const text = tortureBytes(name).toString('latin1')
  if (name !== 'valid/dblreq') return [text]
  const second = text.indexOf('INVITE')
  const bodyStart = text.indexOf(emptyLine, second) + 4
  const length = Number(/Content-Length: (\d+)/.exec(text.slice(second))![1])
  return [text.slice(0, text.indexOf(emptyLine) + 4), text.slice(second, bodyStart + length)]
}

/** The last value of Route is the real target where the next server routes strictly: RFC 3261 §16.6 step 6. */
const strictlyRouted: Readonly<Record<string, (text: string) => string>> = {
  'valid/mpart01': (text) =>
    text
      .replace('sip:kumiko@example.org SIP/2.0', 'sip:127.0.0.1:5080 SIP/2.0')
      .replace('Route: <sip:127.0.0.1:5080>', 'Route: <sip:kumiko@example.org>'),
}

/** What a proxy must change in place: one hop less, and a body whose end is to be known on a stream. */
function asRelayed(name: string, text: string): string {
  const counted = text.replace(/^(max-forwards\s*:\s*)(\d+)/im, (_, head, hops) => head + (hops - 1))
  const routed = strictlyRouted[name]?.(counted) ?? counted
  const end = routed.indexOf(emptyLine)
  if (/^(?:content-length|l)\s*:/im.test(routed.slice(0, end))) return routed
  return `${routed.slice(0, end)}\r\nContent-Length: ${routed.length - end - 4}${routed.slice(end)}`
}

/** What we write above the topmost Via. */
const ourLines =
  /^Via: SIP\/2\.0\/\w+ [^;\r]+;branch=z9hG4bKhg[\d.a-f]+\r\n(?:Max-Forwards: 70\r\n)?(?:(?:Path|Record-Route): <sip:[^\r]+>\r\n)?(?:Supported: path\r\n)?(?:X-Hepgate-Trusted: no\r\n)?(?=v(?:ia)?\s*:)/im
/** Where there is a Record-Route already, ours stands above that. */
const ourRecordRoute = /^Record-Route: <sip:[^>]+;lr(?:;seal=[0-9a-f]{16})?>, <sip:[^>]+>\r\n(?=Record-Route)/m

/** What came out, without the lines that are ours and what we wrote into the Via of whoever sent it. */
function withoutOurs(message: Buffer, port: number): string {
  const text = message.toString('latin1')
  assert.match(text, ourLines)
  return unmarked(text.replace(ourLines, '').replace(ourRecordRoute, ''), port)
}

/** `received` stands in the topmost Via, behind its other parameters, and nowhere else. */
function unmarked(text: string, port: number): string {
  const mark = ';received=127.0.0.1'
  const at = text.indexOf(mark)
  const via = text.search(/^(?:via|v)\s*:/im)
  assert.ok(via > 0 && at > via && !text.slice(via, at).includes(','), 'in the topmost Via')
  assert.equal(text.indexOf(mark, at + 1), -1, 'once')
  assert.match(text.slice(at + mark.length), /^(?:\s*,|\r\n(?![ \t]))/, 'behind its other parameters')
  return text.replace(mark, '').replace(`rport=${port}`, 'rport')
}

describe('by a client over TLS', () => {
  for (const name of tortureNames()) {
    const { stream } = tortures[name]!
    test(`${name}: ${stream}`, async () => {
      const client = await cast.phone()
      const port = Number(client.address.split(':')[1])
      const texts = messagesIn(name)
      const before = await counted()
      const dropsBefore = Object.values(before.responsesDropped).reduce((sum, count) => sum + count, 0)
      let answers = 0
      client.send(tortureBytes(name))

      for (const [i, outcome] of stream.split(', ').entries()) {
        const isResponse = texts[0]!.startsWith('SIP/2.0')
        if (/^\d/.test(outcome)) {
          assert.equal(startLine(await client.next()), `SIP/2.0 ${outcome}`)
          answers++
        } else if (outcome === 'relayed' && !isResponse) {
          assert.equal(withoutOurs(await core.next(), port), asRelayed(name, texts[i]!))
        } else if (isResponse) {
          const reason = outcome === 'relayed' ? 'not-ours' : 'malformed'
          await until('the drop to be counted', async () => {
            const { responsesDropped } = await counted()
            return (responsesDropped[reason] ?? 0) === (before.responsesDropped[reason] ?? 0) + 1
          })
        } else if (outcome === 'ends the connection: bad-sip') {
          await client.closed
          assert.equal((await scene.event('ERROR', { peer: client.address })).cause, 'bad-sip')
        } else {
          assert.equal(outcome, 'waits for more')
          assert.equal(client.socket.destroyed, false)
        }
      }

      // The others talk on, and nothing else has come out on either side.
      await nothingMoreComes(bystander, core)
      assert.equal(client.received.length, answers)
      const { responsesDropped } = await counted()
      const drops = Object.values(responsesDropped).reduce((sum, count) => sum + count, 0) - dropsBefore
      assert.equal(drops, texts[0]!.startsWith('SIP/2.0') ? 1 : 0)
      client.socket.destroy()
    })
  }
})

describe('in a datagram of the core, by the Path of a phone', () => {
  for (const name of tortureNames()) {
    const { stream, datagram = stream } = tortures[name]!
    test(`${name}: ${datagram}`, async () => {
      const received = server.received.length
      const bytes = tortureBytes(name).toString('latin1')
      const isResponse = bytes.startsWith('SIP/2.0')
      // The one line that is not of RFC 4475 leads to the phone, and comes off.
      server.send(
        Buffer.from(isResponse ? bytes : bytes.replace('\r\n', `\r\nRoute: ${path}\r\n`), 'latin1'),
        cast.corePort,
      )
      if (/^\d/.test(datagram)) assert.equal(startLine(await server.next()), `SIP/2.0 ${datagram}`)
      if (datagram === 'relayed' && !isResponse) {
        assert.equal(withoutOurs(await phone.next(), server.port), asRelayed(name, messagesIn(name)[0]!))
      }
      const marker = sipRequest({ method: 'MESSAGE', callId: `behind ${name}`, headers: [`Route: ${path}`] })
      server.send(marker, cast.corePort)
      assert.deepEqual(headersOf(await phone.next(), 'Call-ID'), [`behind ${name}`], 'nothing else comes to the phone')
      assert.equal(server.received.length, received + (/^\d/.test(datagram) ? 1 : 0), 'nor to the server')
    })
  }
})

test('nothing came to those who had nothing to do with it', async () => {
  assert.deepEqual(bystander.received, [])
  const { answer } = await bystander.request({ uri: `sip:sip.example.com:${cast.edgePort}` })
  assert.equal(startLine(answer), 'SIP/2.0 200 OK')
})
