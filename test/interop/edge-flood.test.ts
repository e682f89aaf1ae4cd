/** sipsak floods the core through stunnel and the gateway: all of it arrives, and both legs are in the collector in order. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type EdgeScene, startEdgeScene } from '../support/edge-scene.js'
import { lacks, peer } from '../support/peers.js'
import { runProcess } from '../support/process.js'
import { headerOf, startLine } from '../support/sip.js'
import { startStunnel } from '../support/stunnel.js'
import { until } from '../support/wait.js'

const requests = 500

describe('a flood of sipsak', { skip: lacks('sipsak', 'stunnel', 'kamailio') }, () => {
  for (const core of ['tcp', 'udp'] as const) {
    test(`reaches the core whole and in order, and no answer is lost without being counted, over ${core}`, async (t) => {
      const scene = await startEdgeScene(t, { core })
      const stunnel = await startStunnel(t, scene.edgePort, scene.ca, 'example.com')
      const flood = ['-F', '-e', String(requests), '-E', 'tcp', '-s', `sip:probe@127.0.0.1:${stunnel.port}`]
      const sipsak = await runProcess(peer('sipsak'), flood)
      assert.equal(sipsak.code, 0, sipsak.stdout + sipsak.stderr)

      const inOrder = Array.from({ length: requests }, (_, number) => `${number + 1} OPTIONS`)
      await until('the core to have answered all', () => floodOn(scene, core).answers.length === requests)
      for (const seen of [
        floodOn(scene, 'tls').requests,
        floodOn(scene, core).requests,
        floodOn(scene, core).answers,
      ]) {
        assert.deepEqual(seen, inOrder)
      }
      // sipsak leaves as soon as it has sent everything, so that some answers find nobody.
      await until('all answers to be delivered or counted', async () => {
        const { edge } = await scene.gateway.status()
        const dropped = Object.values(edge!.responsesDropped).reduce((sum, count) => sum + count, 0)
        return floodOn(scene, 'tls').answers.length + dropped === requests
      })
      await scene.gateway.stop()
    })
  }
})

/** CSeqs of the flood as the collector has them, in the order of their coming. */
function floodOn(scene: EdgeScene, leg: 'tls' | 'tcp' | 'udp'): { requests: string[]; answers: string[] } {
  const messages = scene.sipOn(leg).filter(({ payload }) => headerOf(payload, 'To')!.startsWith('sip:probe@'))
  const isAnswer = messages.map(({ payload }) => startLine(payload).startsWith('SIP/2.0 '))
  const cseqs = messages.map(({ payload }) => headerOf(payload, 'CSeq')!)
  return {
    requests: cseqs.filter((_, at) => !isAnswer[at]),
    answers: cseqs.filter((_, at) => isAnswer[at]),
  }
}
