import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sipLines } from '../../../dashboards/live/views/calls/sip-syntax.js'

const kindsOf = (line: readonly { kind: string; text: string }[]) => line.map(({ kind, text }) => `${kind} ${text}`)

test('nothing of a text is lost, whatever it is', () => {
  const texts = [
    '',
    '\r\n',
    'INVITE',
    'SIP/2.0 200',
    ' x',
    'A: <sip:a@b;x=1>;tag=2, "q\\"" <tel:+1>\r\n fold\r\n\r\nv=0\r\nfoo',
    '\u0000:::sip:sip:@@',
    'A\rb',
    'A: b\rc\u2028d\u202ee',
    'SIP/2.0 200 O\rK',
  ]
  for (const text of texts) {
    const lines = sipLines(text).map((line) => line.map((one) => one.text).join(''))
    assert.equal(lines.join('\n'), text.replace(/(?:\r?\n)+$/, '').replace(/\r\n/g, '\n'))
  }
})

test('a request, a status and a header have their parts', () => {
  const [request, header] = sipLines('INVITE sip:bob@example.com SIP/2.0\r\nTo: <sip:bob@example.com>;tag=1\r\n')
  assert.deepEqual(kindsOf(request!), [
    'method INVITE',
    'plain  ',
    'scheme sip:',
    'user bob@',
    'host example.com',
    'plain  SIP/2.0',
  ])
  assert.deepEqual(kindsOf(header!).slice(0, 2), ['name To:', 'plain  <'])
  assert.deepEqual(kindsOf(sipLines('SIP/2.0 486 Busy Here')[0]!), ['plain SIP/2.0 ', 'status 486 Busy Here'])
})

test('a session description begins behind the empty line, and only there', () => {
  const [, header, , body] = sipLines('INVITE x SIP/2.0\r\nv=0\r\n\r\nv=0\r\n')
  assert.deepEqual(kindsOf(header!), ['plain v=0'])
  assert.deepEqual(kindsOf(body!), ['name v=', 'plain 0'])
})

test('what has no look of its own is a piece of its own', () => {
  const [, line] = sipLines('INVITE x SIP/2.0\r\nSubject: \u202egnp.exe\u202c\u0001\tend')
  assert.deepEqual(kindsOf(line!), [
    'name Subject:',
    'plain  ',
    'unseen \u202e',
    'plain gnp.exe',
    'unseen \u202c',
    'unseen \u0001',
    'plain \tend',
  ])
})

test('long and hostile lines take no time', () => {
  const hostile = [`X: ${'sip:a'.repeat(20_000)}`, `X: ${'"'.repeat(60_000)}`, `X: sip:${'a'.repeat(60_000)}`]
  const from = performance.now()
  for (const line of hostile) sipLines(`INVITE x SIP/2.0\r\n${line}`)
  assert.ok(performance.now() - from < 2000)
})
