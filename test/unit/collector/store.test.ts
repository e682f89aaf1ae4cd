import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PacketStore, type ReceivedPacket } from '../../../src/collector/store.js'
import { hepPacket } from '../../support/embedded-collector.js'

function received(seconds: number, bytes: number): ReceivedPacket {
  return { packet: hepPacket({ seconds }), bytes, transport: 'udp', sender: { ip: '192.0.2.1', port: 9 } }
}

const secondsIn = (store: PacketStore) => [...store].map((one) => one.packet.seconds)

test('the store keeps the newest packets within both bounds, oldest first', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 8 }),
      fc.integer({ min: 1, max: 400 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 60 }),
      (maxPackets, maxBytes, sizes) => {
        const store = new PacketStore(maxPackets, maxBytes)
        const model: { seconds: number; bytes: number }[] = []
        const modelBytes = () => model.reduce((sum, one) => sum + one.bytes, 0)
        sizes.forEach((bytes, seconds) => {
          store.add(received(seconds, bytes))
          model.push({ seconds, bytes })
          while (model.length > maxPackets || modelBytes() > maxBytes) model.shift()
          assert.deepEqual(
            secondsIn(store),
            model.map((one) => one.seconds),
          )
          assert.equal(store.bytes, modelBytes())
        })
      },
    ),
  )
})
