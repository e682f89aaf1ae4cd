/**
 * Within a dialog requests follow the Routes that our Record-Route made: ours come off, whichever way they are written,
 * and the rest of the way is the core's (RFC 3261 §16.4, §16.12) or, by the token, the phone's (RFC 5626 §5.3).
 */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { edgeName, lost, nothingMoreComes, pathTo, startEdgeCast } from '../support/edge-cast.js'
import { tcpConnect } from '../support/listening.js'
import { changed, headerOf, headersOf, type RequestFields, sipRequest, startLine, token } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'

const scope = { after }
const cast = await startEdgeCast(scope)
const { core, corePort, edgePort } = cast
const [phone, other] = [await cast.phone(), await cast.phone()]
const [path, otherPath] = [await pathTo(phone, core), await pathTo(other, core)]

const contacts = {
  phone: '<sip:alice@192.0.2.10:50000;transport=tls>',
  core: '<sip:b2bua@127.0.0.1:5070;transport=tcp>',
}

/** All values of a header, whatever lines they stand in. */
function valuesOf(message: Buffer, name: string): string[] {
  return headersOf(message, name).flatMap((line) => line.split(/, *(?=<)/))
}

/** The URI of a name-addr. */
function uriOf(address: string): string {
  return /<([^>]+)>/.exec(address)![1]!
}

/** Copies of Record-Route, as whoever answers a request puts them into the answer. */
function recordedOf(request: Buffer): string[] {
  return headersOf(request, 'Record-Route').map((line) => `Record-Route: ${line}`)
}

/** One end of a dialog: what RFC 3261 §12.1 says that it has to remember. */
interface DialogEnd {
  readonly target: string
  readonly routeSet: readonly string[]
  readonly from: string
  readonly to: string
  readonly callId: string
}

/** That of whoever was called, from the request as it got it. */
function calledEnd(request: Buffer, answer: Buffer): DialogEnd {
  return {
    target: uriOf(headerOf(request, 'Contact')!),
    routeSet: valuesOf(request, 'Record-Route'),
    from: headerOf(answer, 'To')!,
    to: headerOf(request, 'From')!,
    callId: headerOf(request, 'Call-ID')!,
  }
}

/** That of whoever called, from the answer as it got it. */
function callingEnd(answer: Buffer): DialogEnd {
  return {
    target: uriOf(headerOf(answer, 'Contact')!),
    routeSet: valuesOf(answer, 'Record-Route').reverse(),
    from: headerOf(answer, 'From')!,
    to: headerOf(answer, 'To')!,
    callId: headerOf(answer, 'Call-ID')!,
  }
}

/** A request within the dialog, to a loose router (RFC 3261 §12.2.1.1). */
function within(end: DialogEnd, method: string, routeLines = [`Route: ${end.routeSet.join(', ')}`]): Buffer {
  const { target, from, to, callId } = end
  return sipRequest({ method, uri: target, from, to, callId, headers: end.routeSet.length === 0 ? [] : routeLines })
}

/** Sends a request of one end, and sees it come out at the other without our Routes; answers it. */
async function goes(
  request: Buffer,
  from: SipStream,
  to: SipStream,
  routesLeft: readonly string[] = [],
): Promise<void> {
  from.send(request)
  const seen = await to.next()
  assert.equal(startLine(seen), startLine(request))
  assert.equal(headerOf(seen, 'Call-ID'), headerOf(request, 'Call-ID'))
  assert.deepEqual(headersOf(seen, 'Route'), routesLeft)
  assert.deepEqual(headersOf(seen, 'Record-Route'), [], 'the route set of a dialog is made once')
  if (startLine(request).startsWith('ACK')) return
  to.answer(seen)
  assert.equal(startLine(await from.next()), 'SIP/2.0 200 OK')
}

/** A call that `from` begins and `to` takes; each end as it sees the dialog. */
async function call(
  from: SipStream,
  to: SipStream,
  fields: RequestFields,
  answerContact: string,
): Promise<[DialogEnd, DialogEnd]> {
  from.send(sipRequest({ method: 'INVITE', ...fields }))
  const invite = await to.next()
  const sent = to.answer(invite, '200 OK', [`Contact: ${answerContact}`, ...recordedOf(invite)])
  return [callingEnd(await from.next()), calledEnd(invite, sent)]
}

describe('both ends reach each other', () => {
  test('when the phone called', async () => {
    const [caller, called] = await call(phone, core, { uri: 'sip:bob@example.com' }, contacts.core)
    assert.equal(caller.routeSet.length, 2)
    await goes(within(caller, 'ACK'), phone, core)
    await goes(within(caller, 'INFO'), phone, core)
    await goes(within(called, 'INVITE'), core, phone)
    await goes(within(called, 'BYE'), core, phone)
  })

  test('when the core called', async () => {
    const fields = { uri: uriOf(contacts.phone), contact: contacts.core, headers: [`Route: ${path}`] }
    const [caller, called] = await call(core, phone, fields, contacts.phone)
    assert.equal(called.routeSet.length, 2)
    await goes(within(caller, 'ACK'), core, phone)
    await goes(within(caller, 'UPDATE'), core, phone)
    await goes(within(called, 'INVITE'), phone, core)
    await goes(within(called, 'BYE'), phone, core)
  })

  test('from another server of the core, over a connection of its own', async () => {
    const server = await cast.coreServer()
    const [, called] = await call(phone, core, { uri: 'sip:bob@example.com' }, contacts.core)
    await goes(within(called, 'BYE'), server, phone)
  })

  test('two phones through a proxy of the core that stays in the dialog', async () => {
    const proxy = '<sip:127.0.0.1:5062;transport=tcp;lr>'
    phone.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }))
    const first = await core.next()
    // As that proxy sends it on: its Via, its Record-Route, the Path of whom it goes to.
    core.send(
      changed(
        first,
        /^Via:/m,
        `Route: ${otherPath}\r\nRecord-Route: ${proxy}\r\nVia: SIP/2.0/TCP 127.0.0.1:5062;branch=z9hG4bK${token()}\r\nVia:`,
      ),
    )
    const invite = await other.next()
    const sent = other.answer(invite, '200 OK', ['Contact: <sip:bob@192.0.2.11>', ...recordedOf(invite)])
    const answered = await core.next()
    core.send(changed(answered, /^Via: SIP\/2\.0\/TCP 127\.0\.0\.1:5062.*\r\n/m, ''))
    const [caller, called] = [callingEnd(await phone.next()), calledEnd(invite, sent)]
    assert.equal(caller.routeSet.length, 5)
    assert.equal(caller.routeSet[2], proxy)

    for (const [end, from, to] of [
      [caller, phone, other],
      [called, other, phone],
    ] as const) {
      const rest = end.routeSet.slice(2)
      from.send(within(end, 'BYE'))
      const atProxy = await core.next()
      assert.deepEqual(valuesOf(atProxy, 'Route'), rest, 'our two are off')
      const line = `Route: ${valuesOf(atProxy, 'Route').slice(1).join(', ')}`
      core.send(
        changed(
          changed(atProxy, /^Route:.*/m, line),
          /^Via:/m,
          'Via: SIP/2.0/TCP 127.0.0.1:5062;branch=z9hG4bKp\r\nVia:',
        ),
      )
      const seen = await to.next()
      assert.equal(startLine(seen), `BYE ${end.target} SIP/2.0`)
      assert.deepEqual(headersOf(seen, 'Route'), [])
    }
  })

  test('a phone that has gone is 430 to the core, also within a dialog', async () => {
    const raw = await tcpConnect(scope, edgePort)
    const leaving = await cast.phone({ socket: raw })
    const [, called] = await call(leaving, core, { uri: 'sip:bob@example.com' }, contacts.core)
    await lost(cast.scene, raw)
    const { answer } = await core.request(within(called, 'BYE'))
    assert.equal(startLine(answer), 'SIP/2.0 430 Flow Failed')
  })
})

describe('two phones whose dialog our servers have left', () => {
  /** A call through a proxy of the core that does not record itself; both ends of it. */
  async function left(): Promise<[DialogEnd, DialogEnd]> {
    const proxyVia = `SIP/2.0/TCP 127.0.0.1:5062;branch=z9hG4bK${token()}`
    phone.send(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }))
    core.send(changed(await core.next(), /^Via:/m, `Route: ${otherPath}\r\nVia: ${proxyVia}\r\nVia:`))
    const invite = await other.next()
    const sent = other.answer(invite, '200 OK', ['Contact: <sip:bob@192.0.2.11>', ...recordedOf(invite)])
    core.send(changed(await core.next(), `Via: ${proxyVia}\r\n`, ''))
    return [callingEnd(await phone.next()), calledEnd(invite, sent)]
  }

  test('reach each other by the tokens of that call', async () => {
    const [caller, called] = await left()
    assert.equal(caller.routeSet.length, 4)
    await goes(within(caller, 'ACK'), phone, other)
    await goes(within(called, 'INFO'), other, phone)
    await goes(within(caller, 'BYE'), phone, other)
    await nothingMoreComes(phone, core)
  })

  test('and cannot reach each other by them in any other call, nor without a dialog: that is for our servers to say', async () => {
    const [caller] = await left()
    const received = other.received.length
    const strangers = {
      'another call': within({ ...caller, callId: token() }, 'BYE'),
      'no dialog': within({ ...caller, to: '<sip:bob@example.com>' }, 'MESSAGE'),
      'the seal of nobody': changed(within(caller, 'BYE'), /;seal=[0-9a-f]{16}>$/m, ';seal=0123456789abcdef>'),
      'no seal': changed(within(caller, 'BYE'), /;seal=[0-9a-f]{16}>$/m, '>'),
    }
    for (const [what, request] of Object.entries(strangers)) {
      phone.send(request)
      assert.equal(startLine(await core.next()), startLine(request), what)
    }
    assert.equal(other.received.length, received)
  })
})

const ownCore = `<sip:127.0.0.1:${corePort};transport=tcp;lr>`
const ownEdge = path.replace(/@.*>/, `@${edgeName}:${edgePort};transport=tls;lr>`)
const far = '<sip:far.example.com;lr>'
const farther = '"farther, away" <sip:farther.example.com;lr>;x="<,>"'

/** Header lines as they are sent, and which are left. */
type Stripping = Readonly<Record<string, readonly [sent: readonly string[], left: readonly string[]]>>

const strippings: Stripping = {
  'one line for both': [[`Route: ${ownCore}, ${ownEdge}`], []],
  'a line for each': [[`Route: ${ownCore}`, `Route: ${ownEdge}`], []],
  'no white space': [[`Route:${ownCore},${ownEdge}`], []],
  'much white space, and a fold': [[`Route :  ${ownCore} \r\n  ,\r\n\t${ownEdge}  `], []],
  'names and parameters': [[`Route: "our, core" ${ownCore};a="b,c" , our edge ${ownEdge};d`], []],
  'others behind in the same line': [[`Route: ${ownCore}, ${ownEdge}, ${far}, ${farther}`], [`${far}, ${farther}`]],
  'others in a line of their own': [[`Route: ${ownCore}, ${ownEdge}`, `Route: ${far}`], [far]],
  'others in the line of the second': [
    [`Route: ${ownCore}`, `Route: ${ownEdge},${far}`, `Route: ${farther}`],
    [far, farther],
  ],
  'ours again behind others, which is theirs to follow': [
    [`Route: ${ownCore}, ${ownEdge}, ${far}, ${ownCore}`],
    [`${far}, ${ownCore}`],
  ],
  'other letters': [
    [
      `ROUTE: ${ownCore.toUpperCase()}`,
      `route: ${ownEdge.replace(edgeName, 'SIP.Example.COM').replace('transport=tls', 'Transport=TLS')}`,
    ],
    [],
  ],
  secure: [[`Route: ${ownCore.replace('sip:', 'sips:')}, ${ownEdge.replace('sip:', 'sips:')}`], []],
  'a parameter that somebody added': [
    [`Route: ${ownCore.replace(';lr', ';lr=on;x')}, ${ownEdge.replace(';lr', ';ob;lr')}`],
    [],
  ],
  'other headers between them': [[`Route: ${ownCore}`, 'Subject: x', `Route: ${ownEdge}`], []],
}

describe('our Routes come off, however they are written', () => {
  for (const [what, [sent, left]] of Object.entries(strippings)) {
    const fields = { method: 'INFO', uri: 'sip:bob@192.0.2.99', to: '<sip:bob@example.com>;tag=a', headers: sent }

    test(`from the core: ${what}`, async () => {
      const request = sipRequest(fields)
      core.send(request)
      const seen = await phone.next()
      assert.equal(startLine(seen), startLine(request))
      assert.deepEqual(headersOf(seen, 'Route'), left)
      if (sent.includes('Subject: x')) assert.equal(headerOf(seen, 'Subject'), 'x')
    })

    test(`from a phone: ${what}`, async () => {
      const request = sipRequest(fields)
      phone.send(request)
      const seen = await core.next()
      assert.equal(startLine(seen), startLine(request))
      assert.deepEqual(headersOf(seen, 'Route'), left)
    })
  }

  test('Routes of others alone stay as they are, byte for byte', async () => {
    const lines = `Route:  ${far} ,${farther}\r\nroute: ${ownCore}\r\n`
    phone.send(changed(sipRequest({ method: 'INFO' }), /^Contact:/m, `${lines}Contact:`))
    assert.ok(String(await core.next()).includes(`\r\n${lines}Contact:`))
  })
})

describe('strict routers (RFC 3261 §16.4, §16.6 step 6)', () => {
  const strict = '<sip:strict.example.com:5066;transport=tcp>'
  const to = '<sip:bob@example.com>;tag=a'

  const towards: Readonly<Record<string, readonly [sent: readonly string[], left: readonly string[]]>> = {
    'alone behind ours': [[`Route: ${ownEdge}, ${strict}`], ['<sip:bob@192.0.2.99;x=1>']],
    'in a line of its own': [[`Route: ${ownEdge}`, `Route: ${strict}`], ['<sip:bob@192.0.2.99;x=1>']],
    'with another behind it': [[`Route: ${ownEdge}, ${strict}, ${far}`], [`${far}, <sip:bob@192.0.2.99;x=1>`]],
    'with others in other lines': [
      [`Route: ${ownEdge}`, `Route: ${strict}, ${far}`, `Route: ${farther}`],
      [`${far}, ${farther}`, '<sip:bob@192.0.2.99;x=1>'],
    ],
    'with no Route of ours before it': [[`Route: ${strict}`], ['<sip:bob@192.0.2.99;x=1>']],
  }
  for (const [what, [sent, left]] of Object.entries(towards)) {
    test(`the next one gets its own URI, and the real one as the last Route: ${what}`, async () => {
      phone.send(sipRequest({ method: 'BYE', uri: 'sip:bob@192.0.2.99;x=1', to, headers: sent }))
      const seen = await core.next()
      assert.equal(startLine(seen), 'BYE sip:strict.example.com:5066;transport=tcp SIP/2.0')
      assert.deepEqual(
        headersOf(seen, 'Route').flatMap((line) => line.split(/, (?=<)/)),
        left.flatMap((line) => line.split(/, (?=<)/)),
      )
    })
  }

  const real = 'sip:alice@192.0.2.10:50000;transport=tls'
  const back: Readonly<Record<string, readonly [uri: string, sent: readonly string[], left: readonly string[]]>> = {
    'one list': [uriOf(ownCore), [`Route: ${ownEdge}, <${real}>`], []],
    'a line for each': [uriOf(ownCore), [`Route: ${ownEdge}`, `Route: <${real}>`], []],
    'with others between': [
      uriOf(ownCore),
      [`Route: ${ownEdge}, ${far}, ${farther}`, `Route: <${real}>`],
      [`${far}, ${farther}`],
    ],
    'the token is in the request line': [uriOf(ownEdge), [`Route: <${real}>`], []],
  }
  for (const [what, [uri, sent, left]] of Object.entries(back)) {
    test(`one before us had our URI in the request line, and we put the real one back: ${what}`, async () => {
      core.send(sipRequest({ method: 'BYE', uri, to, headers: sent }))
      const seen = await phone.next()
      assert.equal(startLine(seen), `BYE ${real} SIP/2.0`)
      assert.deepEqual(headersOf(seen, 'Route'), left)
    })
  }

  test('the same from a phone', async () => {
    phone.send(
      sipRequest({ method: 'BYE', uri: uriOf(ownEdge), to, headers: [`Route: ${ownCore}, <sip:bob@example.com>`] }),
    )
    const seen = await core.next()
    assert.equal(startLine(seen), 'BYE sip:bob@example.com SIP/2.0')
    assert.deepEqual(headersOf(seen, 'Route'), [])
    await nothingMoreComes(phone, core)
  })
})
