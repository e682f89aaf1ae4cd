/** A reload changes trunks and takes one away: connections stay, keep-alives are those of the new file, and so is status. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startEdgeCast } from '../support/edge-cast.js'
import { reconfigure } from '../support/reconfigure.js'
import { SipTrunk } from '../support/sip-trunk.js'
import { until } from '../support/wait.js'

const scope = { after }

/** A trunk over TCP that answers keep-alives, and how many came. */
async function pinged(): Promise<{ readonly trunk: SipTrunk; readonly pings: () => number }> {
  const trunk = await SipTrunk.tcp(scope)
  let pings = 0
  trunk.onConnection = (stream) => {
    let answered = 0
    stream.socket.on('data', () => {
      for (; answered + 2 <= stream.crlfs; answered += 2) {
        pings++
        stream.send('\r\n')
      }
    })
  }
  return { trunk, pings: () => pings }
}

const [changed, removed, same] = [await pinged(), await pinged(), await pinged()]
const trunkWith = ({ trunk }: typeof same, keepalive: number) => ({ uri: trunk.uri, keepalive })
const { scene } = await startEdgeCast(scope, {
  relay: { trunk: [changed, removed, same].map((one) => trunkWith(one, 1)) },
})

async function use(...trunk: unknown[]): Promise<void> {
  await reconfigure(scene.gateway, ({ relay }) => Object.assign(relay!, { trunk }))
}

async function shown(): Promise<unknown[]> {
  const { upstreams } = await scene.gateway.status()
  return upstreams.flatMap(({ role, uri, connections }) => (role === 'trunk' ? [[uri, connections]] : []))
}

/** Long enough for a ping of one that is pinged every second. */
async function twoPingsOf({ pings }: typeof same): Promise<void> {
  const before = pings()
  await until('two pings', () => pings() >= before + 2)
}

test('before: each is pinged', async () => {
  for (const { pings } of [changed, removed, same]) await until('a ping', () => pings() > 0)
})

test('a trunk whose keep-alives are switched off keeps its connection, and is shown, and pinged no more', async () => {
  await use(trunkWith(changed, 0), trunkWith(removed, 1), trunkWith(same, 1))
  const connected = [changed, removed, same].map(({ trunk }) => [trunk.uri, 1])
  await until('all to be kept', async () => JSON.stringify(await shown()) === JSON.stringify(connected))
  const before = changed.pings()
  await twoPingsOf(same)
  assert.equal(changed.pings(), before)
})

test('one that is taken away is neither shown nor pinged; the others are as before', async () => {
  await use(trunkWith(changed, 0), trunkWith(same, 1))
  assert.deepEqual(
    await shown(),
    [changed, same].map(({ trunk }) => [trunk.uri, 1]),
  )
  const before = removed.pings()
  await twoPingsOf(same)
  assert.equal(removed.pings(), before)
})

test('none of it opened a connection', () => {
  for (const { trunk } of [changed, removed, same]) assert.equal(trunk.accepted, 1)
})
