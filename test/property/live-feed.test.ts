/** However connections come, change and go, and viewers come back: their screens show what is there. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { liveFacts, quietSample } from '../support/watched.js'
import { Screen, WatchScene } from '../support/watching.js'

const limit = 4

/** `n` picks one of the connections there are */
const step = fc.oneof(
  fc.record({ what: fc.constantFrom('open', 'tick', 'blink', 'sample', 'full') }),
  fc.record({ what: fc.constantFrom('close', 'count', 'trace', 'user'), n: fc.nat(20) }),
)

for (const search of [undefined, 'traced']) {
  test(`a screen always shows the newest rows that match (${search ?? 'no filter'})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const scene = new WatchScene()
        scene.live = [liveFacts(), liveFacts(), liveFacts()]
        const question = { topics: ['overview', 'connections'], connections: { search }, limit } as const
        let { viewer, leave } = await scene.watching(question)
        // another one with the same question, so that audiences are shared
        const other = await scene.watching(question)
        for (const one of steps) {
          const facts = 'n' in one ? scene.live[one.n % Math.max(1, scene.live.length)] : undefined
          if (one.what === 'open') scene.live.push(liveFacts())
          else if (one.what === 'tick') await scene.tick()
          else if (one.what === 'sample') scene.samples.push(quietSample(scene.samples.length + 1))
          else if (one.what === 'full') viewer.takes = !viewer.takes
          else if (one.what === 'blink') {
            leave()
            viewer.takes = true
            const back = await scene.watching({ ...question, lastEventId: viewer.lastId })
            leave = back.leave
            back.viewer.events.unshift(...viewer.events)
            viewer = back.viewer
          } else if (facts === undefined) continue
          else if (one.what === 'close') scene.live.splice(scene.live.indexOf(facts), 1)
          else if (one.what === 'count') facts.bytesIn += 10
          else if (one.what === 'user') facts.users.push(`u${facts.users.length}@example.com`)
          else if (!scene.traced.delete(facts.id)) scene.traced.add(facts.id)
          if (viewer.ended !== undefined) break
        }
        viewer.takes = true
        await scene.tick()
        await scene.tick()
        const matching = scene.live.filter(({ id }) => search === undefined || scene.traced.has(id))
        const shown = matching
          .slice(-limit)
          .map(({ id, bytesIn, users }) => [id, bytesIn, [...users], scene.traced.has(id)])
        for (const watching of [viewer, other.viewer]) {
          if (watching.ended !== undefined) continue
          const screen = new Screen().apply(watching)
          const rows = Array.from(screen.connections, ([id, row]) => [id, row.bytes_in, row.users, row.traced])
          assert.deepEqual(rows.sort(), shown.sort())
          assert.equal(screen.total, matching.length)
          assert.deepEqual(
            screen.sampleTimes,
            scene.samples.map(({ t }) => t),
          )
        }
        scene.feed.stop()
      }),
    )
  })
}
