/** What stands outside of routes, and where routes end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStatements } from '../../../../src/cli/opensips/statements.js'
import { ReadError } from '../../../../src/cli/opensips/tokens.js'

test('an assignment goes on until the next statement, over lines too', () => {
  const text = 'socket=tls:10.0.0.1:5061\n  as sip.example.com\nlog_level=-1 children = 4;\nloadmodule "a.so"'
  const read = readStatements(text).map((one) =>
    one.kind === 'assignment' ? [one.name, ...one.value.map(({ value }) => value)] : one.kind,
  )
  assert.deepEqual(read, [
    ['socket', 'tls:10.0.0.1:5061', 'as', 'sip.example.com'],
    ['log_level', '-1'],
    ['children', '4'],
    'loadmodule',
  ])
})

test('modparam: texts in pieces, numbers, several modules', () => {
  const text = 'modparam("(proto_tls|proto_wss)", "a", "x" # why\n  "y")\nmodparam("m","n",-5)'
  assert.deepEqual(readStatements(text), [
    { kind: 'modparam', at: 0, modules: ['proto_tls', 'proto_wss'], name: 'a', value: 'xy' },
    { kind: 'modparam', at: text.lastIndexOf('modparam'), modules: ['m'], name: 'n', value: '-5' },
  ])
})

test('loadmodule: the module by its name', () => {
  assert.deepEqual(readStatements('loadmodule "/usr/lib/opensips/modules/proto_tls.so"'), [
    { kind: 'loadmodule', at: 0, module: 'proto_tls' },
  ])
})

test('a route ends with its own brace, not with one in a text, a comment or a variable', () => {
  const first = 'route { if (a) { x("}"); } # }\n $(ru{uri.user}); }'
  const second = 'failure_route["my route"] { }'
  const text = `${first} ${second}\ntimer_route[t, 30] { y(); }`
  const routes = readStatements(text).flatMap((one) =>
    one.kind === 'route' ? [[one.type, one.name, text.slice(one.at, one.end)]] : [],
  )
  assert.deepEqual(routes, [
    ['route', undefined, first],
    ['failure_route', 'my route', second],
    ['timer_route', 't', 'timer_route[t, 30] { y(); }'],
  ])
})

test('what begins no statement is one unknown thing', () => {
  const text = 'route(x); what is this\nlog_level=3'
  assert.deepEqual(
    readStatements(text).map((one) => [one.kind, one.at]),
    [
      ['unknown', 0],
      ['unknown', 10],
      ['assignment', 23],
    ],
  )
})

for (const [text, at] of [
  ['a=1 route[x] { if (y) {', 4],
  ['modparam("a", "b"', 0],
  ['route[x', 0],
] as const) {
  test(`what is not closed is told with its beginning: ${text}`, () => {
    assert.throws(
      () => readStatements(text),
      (error) => error instanceof ReadError && error.at === at && /is not closed/.test(error.message),
    )
  })
}
