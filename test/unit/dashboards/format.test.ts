import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  bytes,
  clockMs,
  commonName,
  count,
  countdown,
  duration,
  plural,
  rate,
  relative,
  sentence,
  shortCount,
  spelled,
  tlsVersion,
} from '../../../dashboards/live/ui/format.js'

test('numbers have separators, and few digits when they are large', () => {
  assert.equal(count(12_345), '12,345')
  assert.deepEqual([9999, 12_345, 1_234_567].map(shortCount), ['9,999', '12.3K', '1.23M'])
})

test('a rate that is not nothing is never shown as nothing', () => {
  assert.deepEqual([0, 0.02, 0.25, 9.96, 12.4].map(rate), ['0', '<0.1', '0.3', '10', '12'])
})

test('sizes change their unit before they get four digits', () => {
  assert.deepEqual([0, 999, 1000, 999_499, 1_500_000].map(bytes), ['0 B', '999 B', '1.0 kB', '999 kB', '1.5 MB'])
})

test('durations have two units at most', () => {
  assert.deepEqual([350, 4200, 59_000, 200_000, 3_600_000, 7_500_000, 273_600_000].map(duration), [
    '350 ms',
    '4.2 s',
    '59 s',
    '3 min 20 s',
    '1 h',
    '2 h 5 min',
    '3 d 4 h',
  ])
})

test('a countdown ends at nothing', () => {
  assert.deepEqual([-5, 1, 581_000, 3_723_000].map(countdown), ['0:00', '0:01', '9:41', '1:02:03'])
})

test('times of long ago are told roughly, and those to come as such', () => {
  const now = 1_000_000_000
  assert.deepEqual(
    [500, 12_000, 180_000, 7_200_000, 345_600_000, -7_200_000].map((ago) => relative(now - ago, now)),
    ['just now', '12 s ago', '3 min ago', '2 h ago', '4 d ago', 'in 2 h'],
  )
})

test('a moment has its milliseconds', () => assert.match(clockMs(1_795_402_800_007), /^\d\d:\d\d:\d\d\.007$/))

test('one is not many', () => assert.deepEqual([plural(1, 'day'), plural(0, 'day')], ['1 day', '0 days']))

test('names of certificates and versions are short', () => {
  assert.equal(commonName('/C=DE/O=Example/CN=sip.example.com'), 'sip.example.com')
  assert.equal(commonName('/O=Example'), '/O=Example')
  assert.deepEqual(['TLSv1', 'TLSv1.3', 'other'].map(tlsVersion), ['TLS 1.0', 'TLS 1.3', 'other'])
})

test('a sentence begins with a capital and ends with one stop', () => {
  assert.deepEqual(['reset by peer', 'Really?'].map(sentence), ['Reset by peer.', 'Really?'])
})

test('what turns a line round, and other letters without a look, are spelled out', () => {
  assert.equal(spelled('a\u202egnp.exe\u202c\u0007\u009b\u2028'), 'a\\u{202e}gnp.exe\\u{202c}\\u{7}\\u{9b}\\u{2028}')
  for (const text of ['alice@example.com', 'שלום', 'Zoë 👩‍🚒', 'tab\there']) assert.equal(spelled(text), text)
})
