import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { durationText, parseDuration } from '../../../src/base/duration.js'

const spellings: [string, number][] = [
  ['500ms', 500],
  ['90s', 90_000],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1d2h3m4s5ms', 93_784_005],
  ['0s', 0],
]

for (const [text, ms] of spellings) {
  test(`${text} is ${ms} ms`, () => {
    assert.equal(parseDuration(text), ms)
  })
}

for (const text of ['', '10', '10 m', ' 10m', '10m\n', '1.5h', '-1s', '30m1h', '1m1m', 'm', '1w', '9999999999s']) {
  test(`${JSON.stringify(text)} is not a duration`, () => {
    assert.equal(parseDuration(text), undefined)
  })
}

test('the text of a duration reads back as the same duration', () => {
  fc.assert(
    fc.property(fc.nat(), (ms) => {
      assert.equal(parseDuration(durationText(ms)), ms)
    }),
  )
})

test('the text of a duration is the short one', () => {
  assert.equal(durationText(5_400_000), '1h30m')
  assert.equal(durationText(61_500), '1m1s500ms')
  assert.equal(durationText(0), '0s')
})
