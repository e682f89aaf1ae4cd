/** REGISTER gets a Path (RFC 3327, RFC 5626 §5.1): the registrar learns by which connection the phone can be reached. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { edgeName, pathTo, startEdgeCast } from '../support/edge-cast.js'
import { headerOf, headersOf, type RequestFields, sipRequest, startLine } from '../support/sip.js'

const scope = { after }
const cast = await startEdgeCast(scope)
const timed = await startEdgeCast(scope, { relay: { flow_timer: 110 } })
const { core, corePort, edgePort } = cast
const phone = await cast.phone()

const registration = { method: 'REGISTER', uri: 'sip:example.com' } satisfies RequestFields

/** The REGISTER of a phone as the registrar gets it. */
async function registered(fields: RequestFields = {}, from = phone): Promise<Buffer> {
  from.send(sipRequest({ ...registration, ...fields }))
  return await core.next()
}

const path = new RegExp(`^<sip:([\\w-]{40,})@127\\.0\\.0\\.1:${corePort};transport=tcp;lr(;ob)?>$`)

describe('Path', () => {
  test('leads over our socket of the core to this connection, with ob where we are the first hop', async () => {
    const paths = headersOf(await registered(), 'Path')
    assert.equal(paths.length, 1)
    assert.match(paths[0]!, path)
    assert.match(paths[0]!, /;ob>$/)
  })

  test('is there whether or not the phone supports it; the registrar is told that somebody does', async () => {
    const supported: readonly (readonly [said: readonly string[], seen: readonly string[]])[] = [
      [[], ['path']],
      [['Supported: outbound, Path'], ['outbound, Path']],
      [
        ['Supported: 100rel', 'Supported: path'],
        ['100rel', 'path'],
      ],
      [['Supported: 100rel, path2'], ['path', '100rel, path2']],
    ]
    for (const [headers, seen] of supported) {
      const request = await registered({ headers })
      assert.match(headerOf(request, 'Path')!, path)
      assert.deepEqual(headersOf(request, 'Supported'), seen)
    }
  })

  test('is always the same for one connection, and another for another', async () => {
    const first = headerOf(await registered(), 'Path')
    assert.equal(headerOf(await registered(), 'Path'), first)
    assert.notEqual(headerOf(await registered({}, await cast.phone()), 'Path'), first)
  })

  const secondHops: Readonly<Record<string, RequestFields>> = {
    'two Via lines': { headers: ['Via: SIP/2.0/UDP 192.0.2.30;branch=z9hG4bKb'] },
    'two Via in one line': { via: 'SIP/2.0/TLS 192.0.2.20;branch=z9hG4bKa, SIP/2.0/UDP 192.0.2.30;branch=z9hG4bKb' },
  }
  for (const [what, fields] of Object.entries(secondHops)) {
    test(`has no ob behind another proxy: ${what}`, async () => {
      const found = headerOf(await registered(fields), 'Path')!
      assert.match(found, path)
      assert.doesNotMatch(found, /;ob/)
    })
  }

  test('stands before those of other proxies, which stay as they are', async () => {
    const others = ['<sip:p1.example.com;lr>, <sip:p2.example.com;lr>', '<sip:p3.example.com;lr>']
    const headers = others.map((other) => `Path: ${other}`)
    const paths = headersOf(await registered({ headers }), 'Path')
    assert.match(paths[0]!, path)
    assert.deepEqual(paths.slice(1), others)
  })

  test('is for REGISTER alone', async () => {
    for (const method of ['INVITE', 'SUBSCRIBE', 'PUBLISH', 'OPTIONS']) {
      phone.send(sipRequest({ method, uri: 'sip:bob@example.com' }))
      assert.deepEqual(headersOf(await core.next(), 'Path'), [], method)
    }
  })

  test('is not for a REGISTER that our own servers send to a phone, which is no client behind us', async () => {
    core.send(sipRequest({ ...registration, headers: [`Route: ${await pathTo(phone, core)}`] }))
    assert.deepEqual(headersOf(await phone.next(), 'Path'), [])
  })

  test('and nothing else but Via and Max-Forwards is new in a REGISTER of a phone that supports it', async () => {
    const request = sipRequest({ ...registration, headers: ['Expires: 600', 'Supported: path'] })
    phone.send(request)
    const seen = String(await core.next())
    const restored = seen
      .replace(/^Via: SIP\/2\.0\/TCP .*\r\n/m, '')
      .replace(/^Path: .*\r\n/m, '')
      .replace(/^X-Hepgate-Trusted: no\r\n/m, '')
      .replace(';received=127.0.0.1', '')
      .replace('Max-Forwards: 69', 'Max-Forwards: 70')
    assert.equal(restored, String(request))
  })
})

describe('by its Path', () => {
  test('a request of the core comes to exactly this phone, without the Route and otherwise as it was sent', async () => {
    const phones = [await cast.phone(), await cast.phone(), await cast.phone()]
    const paths: string[] = []
    for (const one of phones) paths.push(await pathTo(one, core))
    for (const from of [core, await cast.coreServer()]) {
      for (const [i, one] of phones.entries()) {
        const request = sipRequest({
          method: 'MESSAGE',
          uri: `sip:phone${i}@192.0.2.10:50000;transport=tls`,
          via: 'SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bKa',
          headers: [`Route: ${paths[i]}`],
        })
        from.send(request)
        const seen = String(await one.next())
        const restored = seen
          .replace(/^Via: SIP\/2\.0\/TLS .*\r\n/m, '')
          .replace('Max-Forwards: 69', 'Max-Forwards: 70')
          .replace(/^Contact: .*\r\n/m, (contact) => `${contact}Route: ${paths[i]}\r\n`)
        assert.equal(restored, String(request))
      }
    }
    for (const one of phones) assert.equal(one.received.length, 3, 'two requests, and the answer to its REGISTER')
  })

  test('the answer of the phone comes back to the server that asked', async () => {
    const route = await pathTo(phone, core)
    for (const server of [await cast.coreServer(), await cast.coreServer()]) {
      const request = sipRequest({ method: 'MESSAGE', transport: 'TCP', headers: [`Route: ${route}`] })
      server.send(request)
      phone.answer(await phone.next(), '202 Accepted')
      const answer = await server.next()
      assert.equal(startLine(answer), 'SIP/2.0 202 Accepted')
      assert.equal(headerOf(answer, 'Via'), `${headerOf(request, 'Via')};received=127.0.0.1`)
      assert.equal(server.received.length, 1)
    }
  })

  test('the way of a registrar that puts its own Route below stays in the request', async () => {
    const below = '<sip:other.example.com;lr>'
    core.send(sipRequest({ method: 'MESSAGE', headers: [`Route: ${await pathTo(phone, core)}, ${below}`] }))
    assert.deepEqual(headersOf(await phone.next(), 'Route'), [below])
  })
})

describe('Flow-Timer (RFC 5626 §5.4)', () => {
  /** The answer of the registrar as the phone gets it. */
  async function answered(fields: RequestFields, status: string, headers: readonly string[] = []): Promise<Buffer> {
    const client = await timed.phone()
    client.send(sipRequest({ ...registration, ...fields }))
    timed.core.answer(await timed.core.next(), status, headers)
    return await client.next()
  }

  test('is in the good answer to a REGISTER', async () => {
    assert.deepEqual(headersOf(await answered({}, '200 OK'), 'Flow-Timer'), ['110'])
  })

  test('is not there twice: that of the registrar stays', async () => {
    assert.deepEqual(headersOf(await answered({}, '200 OK', ['Flow-Timer: 30']), 'Flow-Timer'), ['30'])
  })

  test('is in no other answer', async () => {
    for (const status of ['100 Trying', '401 Unauthorized', '302 Moved Temporarily']) {
      assert.deepEqual(headersOf(await answered({}, status), 'Flow-Timer'), [], status)
    }
    assert.deepEqual(headersOf(await answered({ method: 'SUBSCRIBE' }, '200 OK'), 'Flow-Timer'), [])
  })

  test('is not there unless it is configured', async () => {
    core.answer(await registered())
    assert.deepEqual(headersOf(await phone.next(), 'Flow-Timer'), [])
  })

  test('is in no answer of a phone to our servers', async () => {
    const client = await timed.phone()
    const route = await pathTo(client, timed.core)
    timed.core.send(sipRequest({ ...registration, headers: [`Route: ${route}`] }))
    client.answer(await client.next())
    assert.deepEqual(headersOf(await timed.core.next(), 'Flow-Timer'), [])
  })
})

test('the name we are advertised by to phones is not in a Path, which the core follows', async () => {
  const seen = await registered()
  assert.ok(!headerOf(seen, 'Path')!.includes(edgeName))
  assert.ok(!headerOf(seen, 'Path')!.includes(String(edgePort)))
})
