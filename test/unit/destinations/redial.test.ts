import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { type LinkTiming, linkTiming, Redial } from '../../../src/destinations/redial.js'

/** A redial whose time and names the test decides, with what it did. */
function redialTo(host: string, resolve: LinkTiming['resolve']) {
  const dialled: string[] = []
  const told: string[] = []
  const owner = {
    dialling: (ip: string) => void told.push(`dialling ${ip}`),
    up: () => void told.push('up'),
    down: (message: string) => void told.push(`down ${message}`),
  }
  const timing: LinkTiming = { ...linkTiming, firstRetryMs: 1000, maxRetryMs: 30_000, stableMs: 5000, resolve }
  const redial = new Redial(host, (ip) => dialled.push(ip), owner, timing)
  return { redial, dialled, told }
}

const never = () => Promise.reject(new Error('not to be asked'))
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('an address is dialled as it is, again after a wait that grows', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const { redial, dialled } = redialTo('192.0.2.1', never)
  await redial.start()
  assert.deepEqual(dialled, ['192.0.2.1'])
  for (const waitMs of [1250, 2500, 5000, 10_000, 20_000, 30_000, 30_000]) {
    const before = dialled.length
    redial.down('refused')
    assert.equal(redial.state, 'waiting')
    await settled()
    assert.equal(dialled.length, before, 'not at once')
    mock.timers.tick(waitMs) // the longest the jitter makes it
    await settled()
    assert.equal(dialled.length, before + 1)
    assert.equal(redial.state, 'connecting')
  }
  redial.close()
})

test('every address of a name is tried before the wait, and the name is asked again after it', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const answers = [['192.0.2.1', '2001:db8::1'], ['192.0.2.9']]
  let round = 0
  const { redial, dialled, told } = redialTo('hep.example', async () =>
    answers[round++]!.map((address) => ({ address })),
  )
  await redial.start()
  redial.down('refused')
  assert.deepEqual(dialled, ['192.0.2.1', '2001:db8::1'])
  redial.down('refused')
  assert.equal(redial.state, 'waiting')
  mock.timers.tick(1250)
  await settled()
  assert.deepEqual(dialled, ['192.0.2.1', '2001:db8::1', '192.0.2.9'])
  assert.deepEqual(told, [
    'dialling 192.0.2.1',
    'down refused',
    'dialling 2001:db8::1',
    'down refused',
    'dialling 192.0.2.9',
  ])
  redial.close()
})

test('a name that cannot be resolved, or has no address, is a failed attempt', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  let round = 0
  const { redial, told } = redialTo('hep.example', () =>
    round++ === 0 ? Promise.reject(new Error('getaddrinfo ENOTFOUND hep.example')) : Promise.resolve([]),
  )
  await redial.start()
  mock.timers.tick(1250)
  await settled()
  assert.deepEqual(told, [
    'down dns-failed: hep.example: getaddrinfo ENOTFOUND hep.example',
    'down dns-failed: hep.example has no address',
  ])
  redial.close()
})

test('the wait is short again only after a link that lasted', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  let nowMs = 0
  const now = mock.method(performance, 'now', () => nowMs)
  t.after(() => {
    mock.timers.reset()
    now.mock.restore()
  })
  const { redial, dialled } = redialTo('192.0.2.1', never)
  await redial.start()
  for (const waitMs of [1250, 2500, 5000]) {
    redial.up()
    nowMs += 4999 // accepted, then closed: not stable
    redial.down('closed')
    mock.timers.tick(waitMs / 2 - 1) // jitter never goes below 3/5 of the longest wait
    await settled()
    assert.equal(redial.state, 'waiting')
    mock.timers.tick(waitMs / 2 + 1)
    await settled()
    assert.equal(redial.state, 'connecting')
  }
  redial.up()
  nowMs += 5000
  redial.down('closed')
  mock.timers.tick(1250)
  await settled()
  assert.equal(dialled.length, 5)
  redial.close()
})

test('a closed one neither dials nor waits', async () => {
  let answer: (addresses: { address: string }[]) => void = () => {}
  const { redial, dialled } = redialTo('hep.example', () => new Promise((resolve) => (answer = resolve)))
  const started = redial.start()
  redial.close()
  answer([{ address: '192.0.2.1' }])
  await started
  assert.deepEqual(dialled, [])
  assert.equal(redial.state, 'closed')
})
