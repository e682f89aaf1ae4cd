/**
 * Header lines that we would not see and a server behind us would: those that unfold before the colon (PJSIP, and
 * chan_sip of Asterisk), or take control characters for white space. They would carry a forged verdict, a ring tone,
 * another length past us.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { nothingMoreComes, startEdgeCast } from '../support/edge-cast.js'
import { changed, headersOf, sipRequest, startLine } from '../support/sip.js'

const cast = await startEdgeCast({ after })
const { core, scene } = cast
const phone = await cast.phone()

const names = ['X-Hepgate-Trusted', 'Alert-Info', 'Content-Length', 'Via', 'To', 'Subject']
const spellings: readonly (readonly [what: string, line: (name: string) => string])[] = [
  ['with a fold before the colon', (name) => `${name}\r\n : yes`],
  ['with two folds before the colon', (name) => `${name} \r\n\t\r\n : yes`],
  ['with a vertical tab before the colon', (name) => `${name}\x0b: yes`],
  ['with a form feed before the colon', (name) => `${name} \x0c: yes`],
  ['with a NUL before the colon', (name) => `${name}\0: yes`],
  ['with a DEL before the colon', (name) => `${name}\x7f: yes`],
  ['behind a control character', (name) => `\x01${name}: yes`],
  ['behind a non-breaking space', (name) => `\xa0${name}: yes`],
  ['without a colon', (name) => `${name} yes`],
  ['behind a header without a name', (name) => `: ${name}: yes`],
]

/** `headers` in Latin-1, where they stand between others. */
function withLine(message: Buffer, line: string): Buffer {
  return changed(message, /^Content-Length:/m, `${line}\r\nContent-Length:`)
}

for (const [what, line] of spellings) {
  test(`${what}: requests are answered 400, whatever the name`, async () => {
    for (const name of names) {
      phone.send(withLine(sipRequest({ method: 'INVITE', uri: 'sip:bob@example.com' }), line(name)))
      assert.equal(startLine(await phone.next()), 'SIP/2.0 400 Unreadable header line', name)
    }
    await nothingMoreComes(phone, core)
  })
}

test('answers with such a line are dropped and counted', async () => {
  phone.send(sipRequest({ method: 'REGISTER', uri: 'sip:example.com' }))
  const register = await core.next()
  core.answer(register)
  await phone.next()
  const dropped = async (): Promise<number> => (await scene.gateway.status()).edge?.responsesDropped.malformed ?? 0
  const before = await dropped()
  const route = `Route: ${headersOf(register, 'Path')[0]}`
  core.send(sipRequest({ method: 'INVITE', uri: 'sip:alice@example.com', headers: [route] }))
  const invite = await phone.next()
  const good = phone.answer(invite)
  assert.equal(startLine(await core.next()), 'SIP/2.0 200 OK')
  for (const [, line] of spellings) phone.send(withLine(good, line('X-Hepgate-Trusted')))
  await nothingMoreComes(phone, core)
  assert.equal(await dropped(), before + spellings.length)
})
