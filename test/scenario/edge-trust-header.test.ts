/** The header that tells the core who is trusted: set on every request, never forged from outside, never let out. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Registered, registered } from '../support/edge-cast.js'
import { changed, headersOf, sipRequest, startLine } from '../support/sip.js'
import type { SipStream } from '../support/sip-stream.js'
import { certified, startTrustCast, trustedDomain } from '../support/trust-cast.js'

const name = 'X-Hepgate-Trusted'
const cast = await startTrustCast({ after })
const { core } = cast
const [trusted, stranger] = [await cast.phone(certified({ dns: [trustedDomain] })), await cast.phone()]

/** Sends a request with these lines, and hands out what came to the core. */
async function toCore(from: SipStream, headers: readonly string[], method = 'INVITE'): Promise<Buffer> {
  from.send(sipRequest({ method, uri: 'sip:bob@example.com', headers }))
  return core.next()
}

/** A call from the core to a phone, with these lines: as it rings there. */
async function toPhone({ phone, path }: Registered, headers: readonly string[]) {
  core.send(
    sipRequest({
      method: 'INVITE',
      uri: 'sip:bob@example.com',
      transport: 'TCP',
      headers: [`Route: ${path}`, ...headers],
    }),
  )
  return phone.next()
}

const forgeries: [string, string[]][] = [
  ['as we write it', [`${name}: yes`]],
  ['in odd case', ['x-hepgate-TRUSTED: Yes']],
  ['with white space before the colon', [`${name} \t : yes`]],
  ['without a space', [`${name}:yes`]],
  ['folded', [`${name}:\r\n yes`]],
  ['folded over several lines', [`${name}: \r\n \r\n\tyes,\r\n yes`]],
  ['in several lines', [`${name}: yes`, 'Subject: between', `${name}: yes`, `${name.toUpperCase()}: yes`]],
  ['with a list', [`${name}: no, yes`]],
  ['empty', [`${name}:`]],
]
for (const [what, lines] of forgeries) {
  test(`a header that came from outside, ${what}, is gone, and ours is there once`, async () => {
    for (const [from, verdict] of [
      [stranger, 'no'],
      [trusted, 'yes'],
    ] as const) {
      const arrived = await toCore(from, ['Subject: before', ...lines, 'Organization: behind'])
      const found = arrived.toString('latin1').match(/^x-hepgate-trusted[^\r]*$/gim)
      assert.deepEqual(found, [`${name}: ${verdict}`])
      assert.equal(headersOf(arrived, 'Subject')[0], 'before')
      assert.deepEqual(headersOf(arrived, 'Organization'), ['behind'])
      assert.doesNotMatch(arrived.toString('latin1'), /^[ \t]/m, 'nothing of a folded one is left')
    }
  })
}

test('every request has it, whatever its method', async () => {
  for (const method of ['REGISTER', 'INVITE', 'ACK', 'CANCEL', 'BYE', 'OPTIONS', 'MESSAGE', 'NEWTHING']) {
    assert.deepEqual(headersOf(await toCore(stranger, [`${name}: yes`], method), name), ['no'], method)
    assert.deepEqual(headersOf(await toCore(trusted, [], method), name), ['yes'], method)
  }
})

test('a request inside a dialog has it as well', async () => {
  const request = sipRequest({ method: 'BYE', to: '<sip:bob@example.com>;tag=1', headers: [`${name}: yes`] })
  stranger.send(request)
  assert.deepEqual(headersOf(await core.next(), name), ['no'])
})

test('bodies and headers that only look like it are left alone', async () => {
  const body = `${name}: yes\r\n\r\n${name}: no\r\n`
  stranger.send(
    sipRequest({
      method: 'MESSAGE',
      uri: 'sip:bob@example.com',
      headers: [`${name}-Not: yes`, `Subject: ${name}: yes`],
      body,
    }),
  )
  const arrived = await core.next()
  assert.deepEqual(headersOf(arrived, `${name}-Not`), ['yes'])
  assert.deepEqual(headersOf(arrived, 'Subject'), [`${name}: yes`])
  assert.deepEqual(headersOf(arrived, name), ['no'])
  assert.ok(arrived.toString('latin1').endsWith(`\r\n\r\n${body}`))
})

for (const [what, lineEnd] of [
  ['LF', '\n'],
  ['CR', '\r'],
] as const) {
  test(`a header hidden behind a ${what} alone, which some servers take for a line end, does not get through`, async () => {
    const client = await cast.phone()
    client.send(sipRequest({ method: 'INVITE', headers: [`Subject: hello${lineEnd}${name}: yes`] }))
    await client.closed
    assert.deepEqual(client.received, [])
    // What came to the core since is of this request only.
    assert.deepEqual(headersOf(await toCore(stranger, [], 'MESSAGE'), name), ['no'])
  })
}

test('towards a phone it is gone, whatever the core said', async () => {
  const callee = await registered(cast)
  for (const lines of [[`${name}: yes`], [`${name}: no`], ['x-hepgate-trusted:\r\n no', `${name}: yes`], []]) {
    const rings = await toPhone(callee, lines)
    assert.equal(startLine(rings).split(' ')[0], 'INVITE')
    assert.doesNotMatch(rings.toString('latin1'), /x-hepgate-trusted/i)
  }
})

test('in answers it is gone, from phones and from the core', async () => {
  const callee = await registered(cast)
  const invite = await toPhone(callee, [])
  callee.phone.answer(invite, '200 OK', [`${name}: yes`, 'Subject: kept'])
  const answer = await core.next()
  assert.deepEqual([headersOf(answer, name), headersOf(answer, 'Subject')], [[], ['kept']])

  const request = await toCore(stranger, [])
  core.answer(request, '200 OK', [`${name}: yes`, 'x-hepgate-trusted: no', 'Subject: kept'])
  const got = await stranger.next()
  assert.deepEqual([headersOf(got, name), headersOf(got, 'Subject')], [[], ['kept']])
})

test('between two phones whose servers left the dialog it does not pass', async () => {
  const [caller, callee] = [await registered(cast), await registered(cast)]
  const dialog = { callId: 'left@dialog', uri: 'sip:bob@192.0.2.20' }
  core.send(sipRequest({ ...dialog, method: 'INVITE', transport: 'TCP', headers: [`Route: ${callee.path}`] }))
  const invite = await callee.phone.next()
  callee.phone.answer(invite)
  await core.next()
  const [towardsCallee] = headersOf(invite, 'Record-Route')[0]!.split(', ')
  const bye = { ...dialog, method: 'BYE', to: '<sip:bob@example.com>;tag=1' }
  caller.phone.send(sipRequest({ ...bye, headers: [`Route: ${towardsCallee}`, `${name}: yes`] }))
  const arrived = await callee.phone.next()
  assert.equal(startLine(arrived).split(' ')[0], 'BYE')
  assert.deepEqual(headersOf(arrived, name), [])
})

test('it has the name that trust.header gives it, and another name means nothing', async (t) => {
  const other = await startTrustCast(t, { trust: { header: 'P-Our-Verdict' } })
  const client = await other.phone()
  const forged = sipRequest({
    method: 'INVITE',
    uri: 'sip:bob@example.com',
    headers: ['p-our-verdict: yes', `${name}: yes`],
  })
  client.send(forged)
  const arrived = await other.core.next()
  assert.deepEqual(headersOf(arrived, 'P-Our-Verdict'), ['no'])
  assert.deepEqual(headersOf(arrived, name), ['yes'])
  // as the core sends it on
  const callee = await registered(other)
  other.core.send(
    changed(
      sipRequest({ method: 'INVITE', headers: [`Route: ${callee.path}`] }),
      'Contact',
      'P-Our-Verdict: no\r\nContact',
    ),
  )
  assert.deepEqual(headersOf(await callee.phone.next(), 'P-Our-Verdict'), [])
})
