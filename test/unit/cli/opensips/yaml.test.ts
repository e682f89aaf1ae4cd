/** What is written is a configuration, whatever was imported, and its comments are comments. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { parseConfig } from '../../../../src/config/load.js'
import { imported } from '../../../support/opensips.js'
import { repoRoot } from '../../../support/paths.js'

const cfg = (name: string) => readFileSync(`${repoRoot}test/unit/cli/opensips/data/${name}`, 'utf8')

for (const name of ['opensips-3.cfg', 'opensips-2.4.cfg']) {
  test(`${name} becomes a configuration that loads, in edge mode, without anybody's password`, async (t) => {
    const { yaml, notes } = await imported(t, cfg(name))
    const config = parseConfig(yaml)
    assert.equal(config.relay.mode, 'edge')
    assert.deepEqual(config.relay.upstream, [])
    assert.doesNotMatch(yaml + notes.join('\n'), /geheim/)
    for (const note of notes) assert.ok(yaml.includes(note.replace(/^opensips\.cfg/, '')), note)
  })
}

test('what the routes send to is suggested, each address once, and one that is switched on loads', async (t) => {
  const routes = [
    '$du = "sip:10.0.0.21:5060";',
    '$du = "sip:10.0.0.21:5060;lr";',
    '$du = "sip:10.0.0.22;transport=tcp";',
    't_relay("tls:sip.carrier.example:5061");',
    'forward("[2001:db8::1]:5060");',
    'rewriteuri("sips:bob@secure.example");',
    '$du = "sip:$var(next)"; t_relay("no-auto-477"); t_relay(); $du == "sip:10.9.9.9";',
  ]
  const { yaml } = await imported(
    t,
    `socket=tls:10.0.0.1:5061\nsocket=udp:10.0.0.1:5060\nroute {\n${routes.join('\n')}\n}\n`,
  )
  const suggested = Array.from(yaml.matchAll(/^ {4}#(- .*) # .*opensips\.cfg:(\d+)$/gm), (match) => match.slice(1))
  assert.deepEqual(suggested, [
    ['- sip:10.0.0.21:5060;transport=udp', '4'],
    ['- sip:10.0.0.22;transport=tcp', '6'],
    ['- sip:sip.carrier.example:5061;transport=tls', '7'],
    ['- sip:[2001:db8::1]:5060;transport=udp', '8'],
    ['- sips:secure.example', '9'],
  ])
  assert.equal(parseConfig(yaml.replaceAll('    #- ', '    - ')).relay.upstream.length, 5)
})

test('nothing a file says ends a comment or reaches the terminal as a control character', async (t) => {
  const evil = 'a\\nsocket: evil\\x1b[31m'
  const text = `socket=tls:10.0.0.1:5061\nmodparam("proto_tls", "trace_on", "${evil}")\nmodparam("m\\x07", "a", "b")\n`
  const { yaml, notes } = await imported(t, text)
  assert.deepEqual(parse(yaml).socket, ['tls:10.0.0.1:5061'])
  assert.doesNotMatch(notes.join(''), /\p{Cc}/u)
  assert.ok(notes.some((note) => note.includes('does not take a socket: evil')))
})

test('what the loader will refuse is told before', async (t) => {
  const { notes } = await imported(
    t,
    'socket=tls:10.0.0.1:5061\nmodparam("proto_tls", "trace_destination", "nowhere")\n',
  )
  assert.ok(
    notes.some((note) => /^To be changed: proto_tls\.trace_destination.*: no hep_id has the name nowhere/.test(note)),
  )
})
