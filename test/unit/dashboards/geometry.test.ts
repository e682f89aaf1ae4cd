import assert from 'node:assert/strict'
import { test } from 'node:test'
import { geometryOf, roomyWidth } from '../../../dashboards/live/views/calls/geometry.js'
import type { Line } from '../../../dashboards/live/views/calls/ladder.js'

const party = (address: string): Line => ({
  kind: 'party',
  address,
  side: 'edge',
  leg: undefined,
  connections: 1,
})
const [edge, core]: Line[] = [
  { kind: 'gateway', side: 'edge' },
  { kind: 'gateway', side: 'core' },
]
const five = [party('a'), party('b'), edge!, core!, party('c'), party('d')]

/** between neighbours, but for both lines of the gateway */
function gaps(x: readonly number[], lines: readonly Line[]): number[] {
  return x
    .slice(1)
    .flatMap((at, i) => (lines[i]!.kind === 'gateway' && lines[i + 1]!.kind === 'gateway' ? [] : at - x[i]!))
}

test('no lines, no heads', () => assert.deepEqual(geometryOf([], 800).heads, []))

test('five columns beside a text of 360 px at 1280 px have room for `180 Ringing`', () => {
  const { x, width } = geometryOf(five, 1280 - 48 - 360)
  assert.ok(width <= 872, `${width} px do not fit`)
  for (const gap of gaps(x, five)) assert.ok(gap >= 130, `${gap} px are too narrow`)
})

test('neighbours stand equally far from each other', () => {
  const { x } = geometryOf(five, 1200)
  assert.equal(new Set(gaps(x, five)).size, 1)
})

test('with too little room it keeps its width and scrolls', () => {
  assert.equal(geometryOf(five, 100).width, geometryOf(five, 500).width)
})

test('with a lot of room the way of the eye stays short', () => {
  assert.equal(geometryOf(five, 5000).width, geometryOf(five, 9000).width)
})

test('both lines of the gateway are below one head, and heads stand side by side', () => {
  const { heads, x, timeWidth, width } = geometryOf(five, 1200)
  assert.deepEqual(
    heads.map(({ lines }) => lines),
    [[0], [1], [2, 3], [4], [5]],
  )
  let left = timeWidth
  for (const head of heads) {
    assert.equal(head.left, left)
    for (const place of head.lines) assert.ok(x[place]! > left && x[place]! < left + head.width)
    left += head.width
  }
  assert.equal(left, width)
})

test('as much room as is good for it grows with the parties', () => {
  assert.ok(roomyWidth(five) > roomyWidth(five.slice(1)))
})
