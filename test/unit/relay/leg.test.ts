import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { failure } from '../../../src/base/errors.js'
import { Leg, type LegListener } from '../../../src/relay/leg.js'
import { OwnName } from '../../../src/relay/own-name.js'
import { type CarrierFields, PlayedCarrier, tokens } from './carriers.js'

/** A leg, its carrier, and the messages that were handed on. */
class Stage implements LegListener {
  readonly leg: Leg
  readonly carrier: PlayedCarrier
  readonly handedOn: string[] = []
  /** hears of each message */
  onMessage: (text: string) => void = () => {}

  constructor(fields: CarrierFields = {}) {
    this.carrier = new PlayedCarrier(fields)
    const own = new OwnName({ host: 'sip.example.com', port: 5061 }, this.carrier.facts.transport, true, false)
    this.leg = new Leg(this.carrier, own, tokens, this)
  }

  received(leg: Leg, buf: Buffer, start: number, bodyStart: number, end: number): void {
    assert.equal(leg, this.leg)
    const text = `${buf.toString('latin1', start, bodyStart)}|${buf.toString('latin1', bodyStart, end)}`
    this.handedOn.push(text)
    this.onMessage(text)
  }

  /** Messages that came in one read. */
  gets(...names: string[]): void {
    for (const name of names) {
      const buf = Buffer.from(`before ${name} its body behind`)
      const start = 'before '.length
      const bodyStart = start + name.length
      this.leg.receive(buf, start, bodyStart, bodyStart + ' its body'.length)
    }
  }

  get names(): string[] {
    return this.handedOn.map((text) => text.split('|')[0]!)
  }
}

describe('a leg that is held', () => {
  it('is not read until it was released as often as it was held', () => {
    const { leg, carrier } = new Stage()
    leg.hold()
    leg.hold()
    assert.deepEqual([carrier.paused, carrier.turns], [true, 1])
    leg.release()
    assert.equal(carrier.paused, true)
    leg.release()
    assert.deepEqual([carrier.paused, carrier.turns], [false, 2])
    leg.hold()
    assert.equal(carrier.paused, true)
  })

  it('keeps what came in one read behind the message it waits for, and hands it on in its order', async () => {
    const stage = new Stage()
    stage.onMessage = () => {
      stage.leg.hold()
      stage.onMessage = () => {}
    }
    stage.gets('one', 'two', 'three')
    assert.deepEqual(stage.handedOn, ['one| its body'])
    stage.leg.release()
    // Whoever releases may be in the middle of another message.
    assert.deepEqual(stage.names, ['one'])
    await setImmediate()
    assert.deepEqual(stage.handedOn, ['one| its body', 'two| its body', 'three| its body'])
    assert.equal(stage.carrier.paused, false)
  })

  it('is held again by any of those, and the rest wait for it; what comes meanwhile comes last', async () => {
    const stage = new Stage()
    stage.onMessage = () => stage.leg.hold()
    stage.gets('one', 'two', 'three')
    for (const expected of [['one'], ['one', 'two'], ['one', 'two', 'three']]) {
      assert.deepEqual(stage.names, expected)
      assert.equal(stage.carrier.paused, true, 'it is not read before all of them are handed on')
      if (expected.length === 2) stage.gets('four')
      stage.leg.release()
      await setImmediate()
    }
    assert.deepEqual(stage.names, ['one', 'two', 'three', 'four'])
    stage.leg.release()
    await setImmediate()
    assert.equal(stage.carrier.paused, false)
  })

  it('is not read on when somebody else holds it before the rest is handed on', async () => {
    const stage = new Stage()
    stage.leg.hold()
    stage.gets('one')
    stage.leg.release()
    stage.leg.hold()
    await setImmediate()
    assert.deepEqual([stage.names, stage.carrier.paused], [[], true])
    stage.leg.release()
    await setImmediate()
    assert.deepEqual([stage.names, stage.carrier.paused], [['one'], false])
  })

  it('does not let a new message pass those that wait to be handed on', async () => {
    const stage = new Stage()
    stage.leg.hold()
    stage.gets('one')
    stage.leg.release()
    stage.gets('two')
    assert.deepEqual(stage.names, [])
    await setImmediate()
    assert.deepEqual(stage.names, ['one', 'two'])
    stage.gets('three')
    assert.deepEqual(stage.names, ['one', 'two', 'three'], 'and then all is as before')
  })

  it('hands on what waits when it is closed: it was received', () => {
    const stage = new Stage()
    stage.leg.hold()
    stage.gets('one', 'two')
    stage.carrier.state = 'closed'
    stage.leg.closed()
    assert.deepEqual(stage.names, ['one', 'two'])
  })

  it('is no association: one socket reads for all of them', () => {
    const stage = new Stage({ transport: 'udp' })
    stage.leg.hold()
    stage.gets('one')
    stage.leg.release()
    assert.deepEqual([stage.names, stage.carrier.turns], [['one'], 0])
  })
})

describe('a leg that is blocked', () => {
  it('holds each source once, and lets all go when there is room', () => {
    const [target, one, other] = [new Stage(), new Stage(), new Stage()]
    target.leg.blocked = true
    for (const source of [one, other, one]) target.leg.holdBack(source.leg)
    assert.deepEqual([one.carrier.paused, other.carrier.paused], [true, true])
    target.leg.letGo()
    assert.equal(target.leg.blocked, false)
    assert.deepEqual([one.carrier.turns, other.carrier.turns], [2, 2])
    assert.deepEqual([one.carrier.paused, other.carrier.paused], [false, false])
    target.leg.holdBack(one.leg)
    assert.equal(one.carrier.paused, true, 'the next time as the first')
  })

  it('lets go when it is closed', () => {
    const [target, source] = [new Stage(), new Stage()]
    target.leg.holdBack(source.leg)
    target.leg.closed()
    assert.equal(source.carrier.paused, false)
  })

  it('lets a source go only as far as it holds it: others may hold it too', () => {
    const [target, other, source] = [new Stage(), new Stage(), new Stage()]
    target.leg.holdBack(source.leg)
    other.leg.holdBack(source.leg)
    target.leg.letGo()
    assert.equal(source.carrier.paused, true)
    other.leg.letGo()
    assert.equal(source.carrier.paused, false)
  })
})

describe('writing with the source held (tls_async 0)', () => {
  const bytes = Buffer.from('a message')

  it('holds it until the system has taken the bytes', () => {
    const [target, source] = [new Stage(), new Stage()]
    assert.equal(target.leg.writeHolding(source.leg, bytes), true)
    assert.deepEqual([target.carrier.written, source.carrier.paused], [['a message'], true])
    target.carrier.whenTaken.shift()!()
    assert.equal(source.carrier.paused, false)
  })

  it('holds it once for what is written together', () => {
    const [target, source] = [new Stage(), new Stage()]
    target.leg.writeHolding(source.leg, bytes)
    target.leg.writeHolding(source.leg, bytes)
    assert.deepEqual([target.carrier.written.length, target.carrier.whenTaken.length], [2, 1])
    target.carrier.whenTaken.shift()!()
    assert.equal(source.carrier.paused, false)
    target.leg.writeHolding(source.leg, bytes)
    assert.equal(source.carrier.paused, true)
  })

  it('lets it go when the bytes are not taken at all, or never will be', () => {
    const [target, source] = [new Stage(), new Stage()]
    target.leg.writeHolding(source.leg, bytes)
    target.leg.closed()
    assert.equal(source.carrier.paused, false)
    target.carrier.state = 'closed'
    assert.equal(target.leg.writeHolding(source.leg, bytes), false)
    assert.equal(source.carrier.paused, false)
  })
})

describe('a leg', () => {
  it('counts as a connection of one peer at a time', () => {
    const heard: string[] = []
    const peer = (name: string) => ({
      connected: () => heard.push(`${name} +`),
      disconnected: () => heard.push(`${name} -`),
      failed: () => heard.push(`${name} failed`),
    })
    const { leg } = new Stage()
    const [one, other] = [peer('one'), peer('other')]
    for (const next of [undefined, one, one, other, undefined]) leg.belongTo(next)
    assert.deepEqual(heard, ['one +', 'one -', 'other +', 'other -'])
  })

  it('has one token, which names its flow', () => {
    const { leg, carrier } = new Stage({ id: '42', peerPort: 40_123 })
    const { transport, local, peer } = carrier.facts
    assert.deepEqual(tokens.read(leg.token), { connId: '42', transport, local, peer })
    assert.equal(leg.token, leg.token)
  })

  it('takes new messages while its carrier is open, and fails with it', () => {
    const { leg, carrier } = new Stage()
    assert.equal(leg.open, true)
    carrier.state = 'ending'
    assert.equal(leg.open, false)
    leg.fail(failure('send-timeout'))
    assert.deepEqual(carrier.failures, ['send-timeout'])
  })
})
