/** The filter route, with what it calls, and what our filters do not know of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { unknownConstructs } from '../../../../src/cli/opensips/constructs.js'
import { compileRoutes } from '../../../../src/trace/filter/routes.js'
import { imported } from '../../../support/opensips.js'

const head = (name = 'tls_filter') =>
  `socket=tls:10.0.0.1:5061\nmodparam("proto_tls", "trace_filter_route", "${name}")\n`
const about = (notes: readonly string[]) => notes.filter((note) => note.includes(': filter route: '))

test('the text stays as it stands, with the routes it calls and no other', async (t) => {
  const main = 'route[tls_filter] {\n\tif (route(a)) # why\n\t\tdrop;\n}'
  const a = 'route["a"] { /* x */ route(b); return(-1); }'
  const b = 'route[b] { route(c); }'
  const text = `${head()}${b}\nroute { t_relay(); }\nfailure_route[a] { drop(); }\n${main}\n${a}\nroute[c] { xlog("c"); }\nroute[d] { exit; }\n`
  const { settings, notes } = await imported(t, text)
  assert.deepEqual(settings.routes, { tls_filter: `${main}\n${a}\n${b}\nroute[c] { xlog("c"); }\n` })
  assert.equal(settings.proto_tls.trace_filter_route, 'tls_filter')
  assert.deepEqual(about(notes), [])
  assert.ok('filter' in compileRoutes(settings.routes, 'tls_filter'))
})

test('a name that cannot be a key gets one that can', async (t) => {
  const { settings, notes } = await imported(t, `${head('my-filter')}route["my-filter"] { drop; }\n`)
  assert.equal(settings.proto_tls.trace_filter_route, 'my_filter')
  assert.ok('filter' in compileRoutes(settings.routes, 'my_filter'))
  assert.ok(notes.includes('opensips.cfg:2: the filter route my-filter is called my_filter under routes'))
})

test('everything a filter does not know is listed with its line, in whatever file it stands', async (t) => {
  const main = [
    'route[tls_filter] {',
    '  $var(x) = 1;',
    '  if ($ru =~ "^sip:a" && lookup($si)) {',
    '    xlog("from $rU\\n");',
    '    exit;',
    '  }',
    '  while ($var(i) < 3) { $var(i) = $var(i) + 1; }',
    '  if (src_ip == 10.0.0.1) exit;',
    '  route(other, 3);',
    '  if ($si == "192.0.2.1") drop;',
    '  else append_hf("X: y");',
    '  route(more);',
    '}',
  ]
  const text = `${head()}${main.join('\n')}\ninclude_file "more.cfg"\n`
  const { settings, notes } = await imported(t, text, { 'more.cfg': '\nroute[more] {\n  sl_send_reply(1, "x");\n}' })
  const lines = about(notes).map((note) => /^([^:]+:\d+)/.exec(note)?.[1])
  assert.deepEqual(lines, [
    ...['4', '5', '5', '6', '9', '10', '11', '13'].map((line) => `opensips.cfg:${line}`),
    'more.cfg:3',
  ])
  assert.ok(settings.routes.tls_filter.startsWith(main.join('\n')))
  assert.ok(notes.some((note) => note.startsWith('To be changed: routes.tls_filter')))
})

test('a filter route that is not there is kept by name, so that not everything is traced unasked', async (t) => {
  const { settings, notes } = await imported(t, `${head('gone')}failure_route[gone] { drop; }\n`)
  assert.equal(settings.proto_tls.trace_filter_route, 'gone')
  assert.ok(notes.some((note) => note.startsWith('opensips.cfg:2: there is no route gone')))
  assert.ok(notes.some((note) => /^To be changed: proto_tls\.trace_filter_route: /.test(note)))
})

for (const body of [
  'if () drop;',
  'if ($si',
  '(((',
  '}',
  ') {}',
  'if ($si == "1.2.3.4") drop',
  'else',
  '"a" "b"',
  '$',
]) {
  test(`a body that no filter can have comes to an end: ${body}`, async (t) => {
    const whole = `${head()}route[tls_filter] { ${body} }\n`
    const { notes } = await imported(t, whole.includes('{ } }') ? whole.replace('} }', '}') : whole)
    assert.ok(notes.length > 0)
  })
}

test('of any route the unknown constructs are found, each at a place of its own', () => {
  const piece = fc.constantFrom(
    ...['if', 'else', '(', ')', '{', '}', ';', 'drop;', 'exit;', '$si', '==', '"10.0.0.1"', 'foo()', '$ru', '!'],
    ...['route(a)', 'route(tls_filter);', 'while', '$var(x) = 1;', '&&', 'return(', '1', ',', '\n', 'xlog("x");'],
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const text = `route[tls_filter] { ${pieces.join(' ')} }`
      const found = unknownConstructs(text, 'tls_filter')
      assert.equal(found.size === 0, 'filter' in compileRoutes({ tls_filter: text }, 'tls_filter'))
      for (const at of found.keys()) assert.ok(at >= 0 && at <= text.length)
    }),
  )
})
