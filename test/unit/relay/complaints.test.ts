import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failure } from '../../../src/base/errors.js'
import { silentLog } from '../../../src/base/log.js'
import { Complaints } from '../../../src/relay/complaints.js'

const minuteMs = 60_000
const refused = failure('connect-refused', 'nobody listens at 192.0.2.1:5061')

/** Complaints with a clock that stands, and what came of them. */
function bench(): { complaints: Complaints; said: object[]; time: { nowMs: number } } {
  const said: object[] = []
  const time = { nowMs: 5000 }
  const log = { ...silentLog, warn: (what: object) => void said.push(what) }
  return { complaints: new Complaints(log, () => time.nowMs), said, time }
}

test('the same is said once a minute, and something else beside it', () => {
  const { complaints, said, time } = bench()
  for (let i = 0; i < 3; i++) complaints.largeDatagram(1400 + i, '10.0.0.5')
  complaints.registrationWithoutPath('10.0.0.5:5060')
  assert.deepEqual(said, [{ bytes: 1400, peer: '10.0.0.5' }, { registrar: '10.0.0.5:5060' }])
  time.nowMs += minuteMs - 1
  complaints.largeDatagram(1500, '10.0.0.5')
  assert.equal(said.length, 2)
  time.nowMs += 1
  complaints.largeDatagram(1600, '10.0.0.5')
  assert.deepEqual(said.at(-1), { bytes: 1600, peer: '10.0.0.5' })
})

test('a host that cannot be reached is named with the reason, once a minute each', () => {
  const { complaints, said } = bench()
  for (const host of ['a.example', 'b.example', 'a.example']) complaints.unreachable(host, refused)
  const why = { cause: 'connect-refused', reason: refused.message }
  assert.deepEqual(said, [
    { host: 'a.example', ...why },
    { host: 'b.example', ...why },
  ])
})

test('whoever makes up hosts neither fills the log, nor hides anything but hosts, nor for longer than a minute', () => {
  const { complaints, said, time } = bench()
  for (let i = 0; i < 1000; i++) complaints.unreachable(`${i}.example`, refused)
  assert.equal(said.length, 50)
  complaints.registrationWithoutPath('10.0.0.5:5060')
  assert.equal(said.length, 51)
  time.nowMs += minuteMs
  complaints.unreachable('new.example', refused)
  assert.equal(said.length, 52)
})
