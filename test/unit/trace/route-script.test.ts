import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unknownEndpoint } from '../../../src/base/address.js'
import type { ConnectionFacts } from '../../../src/base/facts.js'
import { silentLog } from '../../../src/base/log.js'
import type { RouteProblem } from '../../../src/base/ports.js'
import type { Verdict } from '../../../src/trace/filter/filter.js'
import { compileRoutes } from '../../../src/trace/filter/routes.js'
import { connection, FakeLog, opening } from './fakes.js'

type Texts = string | Record<string, string>

function compile(texts: Texts, main = 'main') {
  return compileRoutes(typeof texts === 'string' ? { [main]: texts } : texts, main)
}

function verdict(texts: Texts, facts: ConnectionFacts = connection(), log = silentLog): Verdict {
  const compiled = compile(texts)
  if ('problems' in compiled) assert.fail(JSON.stringify(compiled.problems))
  return compiled.filter.run(facts, log)
}

function problems(texts: Texts, main?: string): RouteProblem[] {
  const compiled = compile(texts, main)
  return 'problems' in compiled ? compiled.problems : assert.fail('compiled')
}

/** One problem, as `line:column message`. */
function problem(texts: Texts, main?: string): string {
  const [first, ...more] = problems(texts, main)
  assert.deepEqual(more, [])
  return `${first!.line}:${first!.column} ${first!.message}`
}

/** Whether a condition holds for a connection. */
function holds(condition: string, facts?: ConnectionFacts): boolean {
  return verdict(`if (${condition}) exit; drop;`, facts) === 'trace'
}

test('the example of the documentation', () => {
  const text = `if ($si == "203.0.113.9" && $socket_in(port) == 5061)
      exit;
    else
      drop;`
  assert.equal(verdict(text), 'trace')
  assert.equal(verdict(text, connection({ peer: { ip: '203.0.113.10', port: 1 } })), 'drop')
  assert.equal(verdict(text, connection({ local: { ip: '192.0.2.1', port: 5062 } })), 'drop')
})

test('it says which statement decided, and in which text', () => {
  const why = (texts: Texts): string => {
    const compiled = compile(texts)
    if ('problems' in compiled) assert.fail(JSON.stringify(compiled.problems))
    const { verdict: explained, why } = compiled.filter.explain(connection())
    assert.equal(explained, compiled.filter.run(connection(), silentLog))
    return why
  }
  const end = 'the end of the route was reached'
  const decided: readonly (readonly [Texts, string])[] = [
    ['drop;', 'drop at line 1'],
    ['if ($sp == 1)\n  drop;\nelse\n  exit;', 'exit at line 4'],
    ['\n\nif ($si == "203.0.113.0/24") { drop; }', 'drop at line 3'],
    ['return;', 'return at line 1'],
    ['', end],
    ['if ($sp == 1) drop;', end],
    [{ main: 'route(other);\nexit;', other: 'return;' }, 'exit at line 2'],
    [{ main: 'route(other);', other: 'return;' }, end],
    [{ main: 'route(other);', other: '\nreturn(0);' }, 'return at line 2 of route other'],
    [{ main: 'if (route(other)) exit;', other: '\n\ndrop;' }, 'drop at line 3 of route other'],
    ['route[main] {\n  route(mine);\n}\nroute[mine] {\n  drop;\n}', 'drop at line 5'],
  ]
  for (const [texts, reason] of decided) assert.equal(why(texts), reason, JSON.stringify(texts))
})

test('trying it out logs nothing', () => {
  const compiled = compile('xlog("hello"); exit;')
  if ('problems' in compiled) assert.fail('problems')
  const log = new FakeLog()
  compiled.filter.run(connection(), log)
  compiled.filter.explain(connection())
  assert.equal(log.lines.length, 1)
})

test('only drop keeps a connection out; every other end traces it', () => {
  assert.equal(verdict('drop;'), 'drop')
  assert.equal(verdict('drop();'), 'drop')
  for (const text of ['', 'exit;', 'exit();', 'return;', 'return();', 'return(1);', 'return -1;', 'return(0);', ';']) {
    assert.equal(verdict(text), 'trace', text)
  }
  assert.equal(verdict('exit; drop;'), 'trace')
  assert.equal(verdict('return; drop;'), 'trace')
  assert.equal(verdict('{ exit; } drop;'), 'trace')
})

test('if, else if, else, blocks, and else belonging to the nearest if', () => {
  const text = `
    if ($sp == 1) drop;
    else if ($sp == 2) { exit; }
    else if ($sp == 3) if ($tls_sni == "x") exit; else drop;
    else { { drop; } }
  `
  const at = (port: number) => verdict(text, connection({ peer: { ip: '192.0.2.9', port } }))
  assert.deepEqual([1, 2, 3, 4].map(at), ['drop', 'trace', 'drop', 'drop'])
})

test('comments of three kinds', () => {
  assert.equal(verdict('# drop;\n// drop;\n/* drop; \n drop; */ exit; # the end'), 'trace')
})

test('a called route: its end returns to the caller, exit and drop end everything', () => {
  const calling = (body: string) => verdict(`route[main] { route(sub); drop; } route[sub] { ${body} }`)
  assert.equal(calling(''), 'drop')
  assert.equal(calling('return;'), 'drop')
  assert.equal(calling('exit;'), 'trace')
  assert.equal(verdict('route[main] { route(sub); exit; } route[sub] { drop; }'), 'drop')
})

test('the value of a route in a condition: true above 0, 1 by default, 0 ends everything', () => {
  const value = (returned: string) => verdict(`route[main] { if (route(sub)) drop; exit; } route[sub] { ${returned} }`)
  assert.equal(value('return(1);'), 'drop')
  assert.equal(value(''), 'drop')
  assert.equal(value('return;'), 'drop')
  assert.equal(value('return(-1);'), 'trace')
  const zero = 'route[sub] { return(0); }'
  assert.equal(verdict(`route[main] { if (route(sub)) exit; drop; } ${zero}`), 'trace')
  assert.equal(verdict(`route[main] { if (!route(sub)) drop; drop; } ${zero}`), 'trace')
})

test('once a route in a condition has ended everything, nothing more is called', () => {
  const log = new FakeLog()
  const text = (condition: string) => `
    route[main] { if (${condition}) drop; drop; }
    route[ends] { exit; }
    route[speaks] { xlog("called"); }`
  for (const condition of [
    'route(ends) and route(speaks)',
    'route(ends) or route(speaks)',
    '!route(ends) or route(speaks)',
  ]) {
    assert.equal(verdict(text(condition), connection(), log), 'trace', condition)
  }
  assert.deepEqual(log.lines, [])
})

test('routes of other texts, by name, quoted name or number', () => {
  assert.equal(verdict({ main: 'route(other);', other: 'drop;' }), 'drop')
  assert.equal(verdict({ main: 'route("my-route");', 'my-route': 'drop;' }), 'drop')
  assert.equal(verdict({ main: 'route(1);', 1: 'drop;' }), 'drop')
})

test('pasted routes: the one of that name is the filter, else the first; a name means the same text first', () => {
  assert.equal(verdict('route[tls_filter] { drop; }'), 'drop')
  assert.equal(verdict('route { drop; }'), 'drop')
  assert.equal(verdict('route[helper] { exit; } route[main] { drop; }'), 'drop')
  assert.equal(verdict({ main: 'route[a] { route(b); } route[b] { drop; }', b: 'exit;' }), 'drop')
})

test('conditions: precedence and spellings', () => {
  assert.ok(holds('1 or 0 and 0'))
  assert.ok(!holds('(1 or 0) and 0'))
  assert.ok(holds('1 || 0 && 0'))
  assert.ok(holds('not 0 and 1'))
  assert.ok(holds('!0 && !!1'))
  assert.ok(holds('! $sp == 1'), '! binds looser than a comparison')
  assert.equal(verdict('if $sp == 50412 drop;'), 'drop', 'as in OpenSIPS, parentheses are not required')
})

test('a value alone is true unless it is null, 0 or empty', () => {
  assert.ok(holds('$tls_sni'))
  assert.ok(holds('$tls_peer_verified'))
  assert.ok(!holds('$tls_sni', opening()))
  assert.ok(!holds('$tls_peer_expired'))
  assert.ok(!holds('$null'))
  assert.ok(!holds('""'))
  assert.ok(holds('"x"'))
})

test('texts compare without regard to case, numbers as numbers', () => {
  assert.ok(holds('$tls_sni == "SIP.Example.COM"'))
  assert.ok(!holds('$tls_sni != "SIP.Example.COM"'))
  assert.ok(holds('$tls_version > "tlsv1.2" && $tls_version <= "TLSv1.3"'))
  assert.ok(holds('$sp > 9000'), 'and not as texts, where 50412 comes first')
  assert.ok(holds('$sp < 100000 && $sp >= 50412 && $sp != -50412'))
  assert.ok(holds('$sp == "50412"'))
  assert.ok(holds('$sp == $sp && $si != $sp'))
})

test('a constant may stand on the left', () => {
  assert.ok(holds('"10.0.0.0/8" != $si && 5061 == $socket_in(port) && 1024 < $sp && $null != $tls_sni'))
})

test('null is equal to null, unequal to everything else, and in order with nothing', () => {
  const none = opening()
  assert.ok(holds('$tls_sni == $null', none))
  assert.ok(holds('$tls_sni != $null'))
  assert.ok(holds('$tls_sni == $tls_version', none))
  assert.ok(holds('$tls_sni != "x" && $tls_sni !~ "x"', none))
  for (const condition of [
    '$tls_sni == "x"',
    '$tls_sni < "x"',
    '$tls_sni >= "x"',
    '$tls_sni =~ ".*"',
    '$tls_cipher_bits < 1',
  ]) {
    assert.ok(!holds(condition, none), condition)
  }
})

test('addresses compare with networks and addresses in any spelling', () => {
  const from = (ip: string) => connection({ peer: { ip, port: 5061 } })
  for (const [ip, literal, expected] of [
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['10.1.2.3', '10.1.2.3/32', true],
    ['10.1.2.3', '0.0.0.0/0', true],
    ['10.1.2.3', '::/0', false],
    ['10.1.2.3', '10.9.9.9/8', true],
    ['10.1.2.3', '::ffff:10.1.2.3', true],
    ['2001:db8::1', '2001:0DB8:0:0::1', true],
    ['2001:db8::1', '[2001:db8::1]', true],
    ['2001:db8::1', '2001:db8::/32', true],
    ['2001:db9::1', '2001:db8::/32', false],
    ['2001:db8::1', '10.0.0.0/8', false],
  ] as const) {
    assert.equal(holds(`$si == "${literal}"`, from(ip)), expected, `${ip} == ${literal}`)
    assert.equal(holds(`$si != "${literal}"`, from(ip)), !expected, `${ip} != ${literal}`)
  }
  assert.ok(holds('$Ri == "192.0.2.0/24" && $socket_in(ip) == "192.0.2.1"'))
  assert.ok(holds('$Ri != "0.0.0.0/0"', opening({ local: unknownEndpoint })), 'null is in no network')
  assert.ok(holds('$si =~ "^203\\."'), 'a pattern sees its text')
})

test('patterns match anywhere, without regard to case, and keep their backslashes', () => {
  assert.ok(holds('$tls_sni =~ "EXAMPLE"'))
  assert.ok(holds('$tls_sni =~ "^sip\\.example\\.com$"'))
  assert.ok(!holds('$tls_sni =~ "^example"'))
  assert.ok(holds('$tls_sni !~ "^example"'))
  assert.ok(!holds('$tls_sni =~ "^sipxexample\\.com$"'))
  assert.ok(holds('$sp =~ "^504"'))
})

test('variables in parentheses', () => {
  assert.ok(holds('$(si) == "203.0.113.9" && $(socket_in(port)) == 5061'))
})

test('texts: two kinds of quotes and escapes', () => {
  const facts = connection({ sni: 'a"b\'c\\d' })
  assert.ok(holds(`$tls_sni == "a\\"b'c\\\\d"`, facts))
  assert.ok(holds(`$tls_sni == 'a"b\\'c\\\\d'`, facts))
})

test('xlog writes to the log of the run, with its level, the route and the connection', () => {
  const log = new FakeLog()
  const facts = connection({ id: '17', sni: undefined })
  verdict('xlog("peer $si:$sp on $(socket_in(port)) costs 5$$, $tls_sni$null 100$\\n");', facts, log)
  verdict('xlog("L_ERR", "quoted"); xlog(L_DBG, "bare");', facts, log)
  const about = { route: 'main', conn_id: '17' }
  assert.deepEqual(log.lines, [
    { level: 'info', fields: about, message: 'peer 203.0.113.9:50412 on 5061 costs 5$, <null><null> 100$' },
    { level: 'error', fields: about, message: 'quoted' },
    { level: 'debug', fields: about, message: 'bare' },
  ])
})

test('a filter that multiplies its calls is stopped by an error', () => {
  const routes = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`r${i}`, `route(r${i + 1}); route(r${i + 1});`]),
  )
  const compiled = compile({ ...routes, r30: '' }, 'r0')
  assert.ok('filter' in compiled)
  assert.throws(() => compiled.filter.run(connection(), silentLog), /took too long/)
})

test('a pattern that would have to look at too much is stopped by an error', () => {
  const san = 'DNS:'.padEnd(60_000, 'a')
  const compiled = compile('if ($tls_peer_san_hostname =~ "(a*)*(a*)*b") drop;')
  assert.ok('filter' in compiled)
  const facts = connection()
  const large = { ...facts, peerCertificate: { ...facts.peerCertificate!, san } }
  assert.throws(() => compiled.filter.run(large, silentLog), /took too long/)
  assert.equal(compiled.filter.run(facts, silentLog), 'trace')
})

test('unknown names are refused with a suggestion', () => {
  assert.equal(problem('if ($tls_snj == "x") drop;'), '1:5 $tls_snj: unknown variable, did you mean $tls_sni?')
  assert.equal(
    problem('if ($socket_in(prt) == 1) drop;'),
    '1:5 $socket_in(prt): unknown variable, did you mean $socket_in(port)?',
  )
  assert.equal(problem('if ($ru == "x") drop;'), '1:5 $ru: unknown variable, did you mean $Ri?')
  assert.equal(problem('if ($avp(customer)) drop;'), '1:5 $avp(customer): unknown variable')
  assert.equal(problem('xlog("$tls_snj");'), '1:6 $tls_snj: unknown variable, did you mean $tls_sni?')
  assert.equal(problem('xlog("L_WRN", "x");'), '1:6 unknown log level, did you mean L_WARN?')
  assert.equal(problem('dropp;'), '1:1 dropp: unknown statement, did you mean drop?')
  assert.equal(problem('sl_send_reply("200", "OK");'), '1:1 sl_send_reply: unknown statement')
  assert.equal(
    problem({ main: 'exit;\n  route(helpr);', helper: '' }),
    '2:3 there is no route helpr, did you mean helper?',
  )
  assert.equal(problem({ tls_filter: '' }, 'tls_filer'), '1:1 there is no route tls_filer, did you mean tls_filter?')
  for (const name of ['constructor', '__proto__', 'toString']) {
    assert.match(problem(`if ($${name}) drop;`), /unknown variable/)
    assert.match(problem({ main: '' }, name), /there is no route/)
  }
})

test('every wrong name is told at once, in order', () => {
  const text = 'route(gone);\nif ($one == 1 || $tls_sni == "x" || $two =~ "(")\n  route(lost);'
  assert.deepEqual(
    problems(text).map(({ line, column }) => `${line}:${column}`),
    ['1:1', '2:5', '2:37', '2:45', '3:3'],
  )
})

test('syntax: the place and what was expected', () => {
  for (const [text, expected] of [
    ['exit', '1:5 expected ;, found the end of the text'],
    ['if ($pr == "a"', '1:15 expected ), found the end of the text'],
    ['{ drop; ', '1:1 this block is not closed: } is missing'],
    ['drop; }', '1:7 expected a statement, found }'],
    ['if () drop;', '1:5 expected a variable or a value, found )'],
    ['if ($sp == ) drop;', '1:12 expected a variable or a value, found )'],
    ['if ($sp = 1) drop;', '1:9 use == to compare; a filter assigns nothing'],
    ['if ($sp == 1 & 1) drop;', '1:14 use && or and'],
    ['if ($sp == 1 | 1) drop;', '1:14 use || or or'],
    ['if ($si == 10.0.0.1) drop;', '1:12 an address stands in quotes: "192.0.2.1"'],
    ['if ($si == ::1) drop;', '1:12 an address stands in quotes: "192.0.2.1"'],
    ['drop @', '1:6 "@" has no meaning here'],
    ['if (src_ip == "10.0.0.1") drop;', '1:5 write $si for src_ip'],
    ['if ($tls_sni == null) drop;', '1:17 write $null for null'],
    ['if ($sp == 1) else drop;', '1:15 else without if'],
    ['xlog($si);', '1:6 expected a text in quotes, found $si'],
    ['route();', '1:7 expected the name of a route, found )'],
    ['while (1) drop;', '1:1 while is not part of a filter: it has no loops, so that it always ends'],
    [
      'if ($(tls_sni{s.len}) == 1) drop;',
      '1:5 a variable is $name, $name(argument) or $(name); transformations are not part of a filter',
    ],
    ['if ($sp == 12345678901234567) drop;', '1:12 this number is too large'],
    ['/* drop;', '1:1 this comment is not closed: */ is missing'],
    ['\n\txlog("a\n");', '2:7 this text is not closed: " is missing on its line'],
    ['drop; route[a] { }', '1:7 a text holds either statements or whole routes'],
    ['route[a] { } drop;', '1:14 statements outside of route[…] { … } are never run'],
    ['route[a] { } route[a] { }', '1:14 route a is defined twice'],
  ] as const) {
    assert.equal(problem(text), expected)
  }
})

test('comparisons that can never be true, or always fail, are refused', () => {
  for (const [condition, expected] of [
    ['$tls_sni == 5061', '$tls_sni is a text: write "5061" in quotes'],
    ['$si == "10.0.0.300"', '"10.0.0.300" is neither an address nor a network, $si is never equal to it'],
    ['$si == "10.0.0.0/33"', '"10.0.0.0/33" is neither an address nor a network, $si is never equal to it'],
    ['$si == "sip.example.com"', '"sip.example.com" is neither an address nor a network, $si is never equal to it'],
    ['$si > "10.0.0.0/8"', 'addresses are only compared with == and !='],
    ['$sp < $null', '$null is only compared with == and !='],
    ['1 == 1', 'one side of a comparison has to be a variable'],
    ['"x" =~ "x"', '=~ needs a variable on its left'],
    ['$tls_sni =~ $si', '=~ needs a pattern in quotes on its right'],
    ['$tls_sni !~ "("', 'pattern: ( without )'],
  ] as const) {
    assert.equal(problem(`if (${condition}) drop;`).replace(/^\S+ /, ''), expected)
  }
})

test('recursion is refused where it closes the circle, also over texts', () => {
  assert.equal(problem('route(main);'), '1:1 route main would call itself: a filter always ends')
  assert.equal(
    problem('route[main] { route(a); } route[a] { if (route(b)) exit; } route[b] { route(a); }'),
    '1:71 route a would call itself: a filter always ends',
  )
  assert.match(problem({ main: 'route(a);', a: 'route(main);' }), /route main would call itself/)
})

test('problems of other texts say whose they are', () => {
  assert.equal(
    problem({ main: 'drop;', other: '\n dorp;' }),
    '2:2 route other: dorp: unknown statement, did you mean drop?',
  )
})

test('what is too long or too deep is refused, not suffered', () => {
  assert.match(problem(' '.repeat(70_000)), /longer than 65536 characters/)
  assert.match(problem(`if (${'('.repeat(1000)}`), /nested more than 64 deep/)
  assert.match(problem(`if (${'!'.repeat(1000)}1) drop;`), /nested more than 64 deep/)
  assert.match(problem('{'.repeat(1000)), /nested more than 64 deep/)
  assert.match(problem('if (1) '.repeat(1000)), /nested more than 64 deep/)
  assert.equal(verdict(`if (0) drop; ${'else if (0) drop; '.repeat(1000)}`), 'trace', 'a long chain is not deep')
  assert.equal(verdict(`if (${'1 && '.repeat(1000)} 1) drop;`), 'drop')
  assert.equal(problems(`if (${'$nope || '.repeat(1000)} 1) drop;`).length, 50)
  assert.equal(problems('route(nowhere);'.repeat(1000)).length, 50)
})
