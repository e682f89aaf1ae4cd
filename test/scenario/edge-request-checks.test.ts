/** RFC 3261 §16.3: what is wrong with a request is said to the phone at once, and our servers never see it. */
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { nothingMoreComes, startEdgeCast } from '../support/edge-cast.js'
import { changed, headerOf, headersOf, sipRequest, startLine } from '../support/sip.js'

const cast = await startEdgeCast({ after })
const { core } = cast

test('x', async () => {
  const phone = await cast.phone()
  const request = sipRequest({method:'INVITE', uri:'sip:bob@example.com'})
  phone.send(request)
  console.log(String(request))
  const c = await core.next()
  console.log(String(c))
  core.answer(c)
  console.log(String(await phone.next()))
  await nothingMoreComes(phone, core)
  const { answer } = await phone.request({uri: `sip:sip.example.com:${cast.edgePort}`})
  console.log(String(answer))
  console.log(await cast.scene.gateway.status())
})
