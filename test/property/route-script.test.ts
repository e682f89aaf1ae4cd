import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ConnectionFacts } from '../../src/base/facts.js'
import { silentLog } from '../../src/base/log.js'
import { compilePattern } from '../../src/trace/filter/pattern.js'
import { compileRoutes } from '../../src/trace/filter/routes.js'
import { variables } from '../../src/trace/filter/variables.js'
import { connection } from '../unit/trace/fakes.js'

const words = [
  ...['if', 'else', 'exit', 'drop', 'return', 'route', 'xlog', 'and', 'or', 'not', 'while', 'null', 'L_WARN', 'other'],
  ...[
    '==',
    '!=',
    '<',
    '>',
    '<=',
    '>=',
    '=~',
    '!~',
    '&&',
    '||',
    '!',
    '-',
    '=',
    '&',
    '(',
    ')',
    '{',
    '}',
    '[',
    ']',
    ';',
    ',',
  ],
  ...[
    '"10.0.0.0/8"',
    '"x"',
    "'y'",
    '"a(b"',
    '"$si"',
    '"',
    "'",
    '\\',
    '$',
    '$(',
    '$null',
    '$nope',
    '#',
    '//',
    '/*',
    '*/',
    '\n',
  ],
  ...['5061', '0', '99999999999999999999', '1.2', 'é', '\u0000', '\ud800'],
  ...[...variables.keys()].map((name) => `$${name}`),
]

const soup = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((tokens) => tokens.join(' '))
const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string(), soup)

test('any text gives a filter that ends, or problems whose places are in the text', () => {
  fc.assert(
    fc.property(anyText, anyText, (main, other) => {
      const compiled = compileRoutes({ main, other }, 'main')
      if ('filter' in compiled) {
        assert.match(compiled.filter.run(connection(), silentLog), /^(trace|drop)$/)
        return
      }
      assert.notEqual(compiled.problems.length, 0)
      for (const { line, column, message } of compiled.problems) {
        const lines = (message.startsWith('route other: ') ? other : main).split('\n')
        assert.ok(line >= 1 && line <= lines.length, `line ${line} of ${lines.length}`)
        assert.ok(column >= 1 && column <= lines[line - 1]!.length + 1, `column ${column} of line ${line}`)
        assert.match(message, /\S/)
      }
    }),
    { numRuns: 2000 },
  )
})

/** Each of them may follow itself for ever without a mistake. */
const endless = [
  'exit;',
  '{ { ; } }',
  '# comment\n',
  '/* comment */',
  'if (($si == "10.0.0.0/8") and not $sp > 1) drop(); else exit;',
  'xlog("L_INFO", "from $si to $(socket_in(ip)) $$(");',
  'if ($tls_sni =~ "^(a|b)+$") return(-1);',
  'if ($nope == 1) exit;',
  'route(nowhere);',
  'route(main);',
]

test('the longest texts take no longer than their length', () => {
  const pieces = fc.oneof(
    fc.constantFrom(...endless),
    fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 8 }),
  )
  fc.assert(
    fc.property(pieces, (tokens) => {
      const piece = `${typeof tokens === 'string' ? tokens : tokens.join(' ')} `
      const main = piece.repeat(Math.floor(65_536 / piece.length))
      const began = performance.now()
      compileRoutes({ main }, 'main')
      // Some 20 ms; a parser with a square in it would need minutes.
      assert.ok(performance.now() - began < 2000, `${main.length} characters of ${JSON.stringify(piece)}`)
    }),
    { numRuns: 50 },
  )
})

// ── A second opinion: routes as trees, printed for the parser and evaluated here. ──

type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly operand: Condition }
  | { readonly kind: 'call'; readonly route: number }
  | { readonly kind: 'test'; readonly text: string; readonly holds: (facts: ConnectionFacts) => boolean }

type Step =
  | { readonly kind: 'exit' | 'drop' }
  | { readonly kind: 'return'; readonly value: number }
  | { readonly kind: 'call'; readonly route: number }
  | { readonly kind: 'block'; readonly steps: readonly Step[] }
  | { readonly kind: 'if'; readonly condition: Condition; readonly yes: Step; readonly no: Step | undefined }

const routeCount = 4
const ports = [1, 1024, 5061, 50412]
const names = ['a.example', 'B.example', 'b.EXAMPLE', 'trunk']
const networks: [string, (ip: string) => boolean][] = [
  ['10.0.0.0/8', (ip) => ip.startsWith('10.')],
  ['10.1.0.0/16', (ip) => ip.startsWith('10.1.')],
  ['192.0.2.9', (ip) => ip === '192.0.2.9'],
  ['2001:db8::/32', (ip) => ip.startsWith('2001:db8:')],
]
const ips = ['10.0.0.1', '10.1.2.3', '192.0.2.9', '2001:db8::1', '2001:db9::1']

const facts: fc.Arbitrary<ConnectionFacts> = fc
  .record({
    ip: fc.constantFrom(...ips),
    port: fc.constantFrom(...ports),
    sni: fc.constantFrom(...names, undefined),
  })
  .map(({ ip, port, sni }) => connection({ peer: { ip, port }, sni }))

const orders: Record<string, (difference: number) => boolean> = {
  '==': (d) => d === 0,
  '!=': (d) => d !== 0,
  '<': (d) => d < 0,
  '>': (d) => d > 0,
  '<=': (d) => d <= 0,
  '>=': (d) => d >= 0,
}
const operator = fc.constantFrom(...Object.keys(orders))

function alphabetical(a: string, b: string): number {
  const [x, y] = [a.toLowerCase(), b.toLowerCase()]
  return x === y ? 0 : x < y ? -1 : 1
}

const simple: fc.Arbitrary<Condition> = fc.oneof(
  fc.tuple(operator, fc.constantFrom(...ports)).map(([op, port]) => ({
    kind: 'test' as const,
    text: `$sp ${op} ${port}`,
    holds: (f: ConnectionFacts) => orders[op]!(f.peer.port - port),
  })),
  fc.tuple(operator, fc.constantFrom(...names)).map(([op, name]) => ({
    kind: 'test' as const,
    text: `$tls_sni ${op} "${name}"`,
    holds: (f: ConnectionFacts) => (f.sni === undefined ? op === '!=' : orders[op]!(alphabetical(f.sni, name))),
  })),
  fc.tuple(fc.boolean(), fc.constantFrom(...networks)).map(([equal, [network, contains]]) => ({
    kind: 'test' as const,
    text: `$si ${equal ? '==' : '!='} "${network}"`,
    holds: (f: ConnectionFacts) => contains(f.peer.ip) === equal,
  })),
  fc.constantFrom(true, false).map((equal) => ({
    kind: 'test' as const,
    text: `$tls_sni ${equal ? '==' : '!='} $null`,
    holds: (f: ConnectionFacts) => (f.sni === undefined) === equal,
  })),
  fc.constantFrom(true, false).map((matches) => ({
    kind: 'test' as const,
    text: `$tls_sni ${matches ? '=~' : '!~'} '^[ab]\\.'`,
    holds: (f: ConnectionFacts) => /^[ab]\./i.test(f.sni ?? '') === matches,
  })),
)

/** Conditions and statements of route `index`, which may call those after it. */
function route(index: number): fc.Arbitrary<Step[]> {
  const callable = index + 1 < routeCount ? fc.integer({ min: index + 1, max: routeCount - 1 }) : undefined
  const calls = callable?.map((called) => ({ kind: 'call' as const, route: called }))
  const { steps } = fc.letrec<{ condition: Condition; step: Step; steps: Step[] }>((tie) => ({
    condition: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      ...(calls === undefined ? [simple] : [simple, calls]),
      fc.record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        left: tie('condition'),
        right: tie('condition'),
      }),
      fc.record({ kind: fc.constant('not' as const), operand: tie('condition') }),
    ),
    step: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<Step>({ kind: 'exit' }, { kind: 'drop' }),
      fc.record({ kind: fc.constant('return' as const), value: fc.integer({ min: -1, max: 1 }) }),
      ...(calls === undefined ? [] : [calls]),
      fc.record({ kind: fc.constant('block' as const), steps: tie('steps') }),
      fc.record({
        kind: fc.constant('if' as const),
        condition: tie('condition'),
        yes: tie('step'),
        no: fc.option(tie('step'), { nil: undefined }),
      }),
    ),
    steps: fc.array(tie('step'), { maxLength: 4 }),
  }))
  return steps
}

const program = fc.tuple(...Array.from({ length: routeCount }, (_, index) => route(index)))

/** Spaces, comments and spellings in turn, by `pick`. */
class Printer {
  readonly #pick: (choices: number) => number

  constructor(pick: (choices: number) => number) {
    this.#pick = pick
  }

  step(step: Step): string {
    switch (step.kind) {
      case 'exit':
      case 'drop':
        return `${step.kind}${this.#one('', '()')}${this.#gap()};`
      case 'return':
        return step.value === 1 ? this.#one('return;', 'return();', 'return(1);') : `return(${step.value});`
      case 'call':
        return `route(${this.#one(`r${step.route}`, `"r${step.route}"`)});`
      case 'block':
        return `{${this.#gap()}${step.steps.map((one) => this.step(one)).join(this.#gap())}${this.#gap()}}`
      case 'if': {
        // Without braces a following else would belong to an if inside.
        const yes = step.no === undefined ? this.step(step.yes) : `{ ${this.step(step.yes)} }`
        const no = step.no === undefined ? '' : `${this.#gap()}else ${this.step(step.no)}`
        return `if${this.#gap()}(${this.condition(step.condition, 0)})${this.#gap()}${yes}${no}`
      }
    }
  }

  /** `binding`: 0 inside parentheses, 1 inside or, 2 inside and. */
  condition(condition: Condition, binding: number): string {
    switch (condition.kind) {
      case 'test':
        return this.#wrapped(condition.text, false)
      case 'call':
        return this.#wrapped(`route(r${condition.route})`, false)
      case 'not':
        return this.#wrapped(`${this.#one('!', 'not ')}${this.condition(condition.operand, 3)}`, false)
      case 'or':
        return this.#joined(condition, this.#one(' or ', '||'), 1, binding)
      case 'and':
        return this.#joined(condition, this.#one(' and ', '&&'), 2, binding)
    }
  }

  #joined(
    { left, right }: { left: Condition; right: Condition },
    between: string,
    own: number,
    binding: number,
  ): string {
    const text = `${this.condition(left, own)}${this.#gap()}${between}${this.#gap()}${this.condition(right, own)}`
    return this.#wrapped(text, binding > own)
  }

  #wrapped(text: string, needed: boolean): string {
    return needed || this.#pick(4) === 0 ? `(${this.#gap()}${text}${this.#gap()})` : text
  }

  #gap(): string {
    return this.#one(' ', '\n', '\t', ' # note )\n', ' // note "\n', ' /* note } */ ')
  }

  #one(...choices: string[]): string {
    return choices[this.#pick(choices.length)]!
  }
}

class Ended {
  readonly verdict: 'trace' | 'drop'

  constructor(verdict: 'trace' | 'drop') {
    this.verdict = verdict
  }
}

class Returned {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

class Evaluator {
  readonly routes: readonly (readonly Step[])[]
  readonly facts: ConnectionFacts

  constructor(routes: readonly (readonly Step[])[], seen: ConnectionFacts) {
    this.routes = routes
    this.facts = seen
  }

  verdict(): 'trace' | 'drop' {
    try {
      this.call(0)
      return 'trace'
    } catch (signal) {
      if (signal instanceof Ended) return signal.verdict
      throw signal
    }
  }

  call(index: number): number {
    try {
      for (const step of this.routes[index]!) this.step(step)
      return 1
    } catch (signal) {
      if (!(signal instanceof Returned)) throw signal
      if (signal.value === 0) throw new Ended('trace')
      return signal.value
    }
  }

  step(step: Step): void {
    switch (step.kind) {
      case 'exit':
        throw new Ended('trace')
      case 'drop':
        throw new Ended('drop')
      case 'return':
        if (step.value === 0) throw new Ended('trace')
        throw new Returned(step.value)
      case 'call':
        this.call(step.route)
        return
      case 'block':
        for (const inner of step.steps) this.step(inner)
        return
      case 'if':
        if (this.holds(step.condition)) this.step(step.yes)
        else if (step.no !== undefined) this.step(step.no)
    }
  }

  holds(condition: Condition): boolean {
    switch (condition.kind) {
      case 'and':
        return this.holds(condition.left) && this.holds(condition.right)
      case 'or':
        return this.holds(condition.left) || this.holds(condition.right)
      case 'not':
        return !this.holds(condition.operand)
      case 'call':
        return this.call(condition.route) > 0
      case 'test':
        return condition.holds(this.facts)
    }
  }
}

test('a printed route, parsed and run, decides as its tree does', () => {
  fc.assert(
    fc.property(program, facts, fc.infiniteStream(fc.nat({ max: 1000 })), (routes, seen, numbers) => {
      const printer = new Printer((choices) => numbers.next().value % choices)
      const texts = Object.fromEntries(
        routes.map((steps, i) => [`r${i}`, steps.map((step) => printer.step(step)).join(' ')]),
      )
      const compiled = compileRoutes(texts, 'r0')
      if ('problems' in compiled) assert.fail(JSON.stringify({ texts, problems: compiled.problems }, undefined, 1))
      const expected = new Evaluator(routes, seen).verdict()
      assert.equal(compiled.filter.run(seen, silentLog), expected, JSON.stringify(texts, undefined, 1))
    }),
    { numRuns: 2000 },
  )
})

// ── Patterns against the regular expressions of JavaScript, where both have the same meaning. ──

const atom = fc.constantFrom(
  'a',
  'b',
  'B',
  '0',
  '.',
  '[ab]',
  '[^a]',
  '[a-c0]',
  '[^0-9b]',
  '\\.',
  '\\d',
  '\\W',
  '[-a]',
  '^',
  '$',
)
const { pattern } = fc.letrec<{ pattern: string; item: string }>((tie) => ({
  pattern: fc.oneof(
    { depthSize: 'small' },
    atom,
    fc.array(tie('item'), { maxLength: 4 }).map((items) => items.join('')),
    fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${a}|${b}`),
  ),
  item: fc.oneof(
    { depthSize: 'small' },
    atom,
    fc
      .tuple(tie('pattern'), fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '{0,2}', '{2,}'))
      .map(([inner, count]) => `(${inner})${count}`),
  ),
}))

test('a pattern matches what a backtracking engine would match', () => {
  fc.assert(
    fc.property(
      pattern,
      fc.string({ unit: fc.constantFrom('a', 'A', 'b', 'c', '0', '.', '-', ' '), maxLength: 8 }),
      (source, text) => {
        const compiled = compilePattern(source)
        if (typeof compiled === 'string') return assert.equal(compiled, 'it is too large')
        assert.equal(
          compiled.matches(text),
          new RegExp(source, 'is').test(text),
          `${source} on ${JSON.stringify(text)}`,
        )
      },
    ),
    { numRuns: 5000 },
  )
})

test('any text is a pattern or refused with a sentence, and what is taken takes the time it says', () => {
  const symbols = fc.string({ unit: fc.constantFrom(...'ab09.*+?{}[](),|^$\\-:='), maxLength: 30 })
  fc.assert(
    fc.property(fc.oneof(fc.string(), symbols), fc.string({ maxLength: 20 }), (source, text) => {
      const compiled = compilePattern(source)
      if (typeof compiled === 'string') return assert.match(compiled, /\S/)
      assert.equal(typeof compiled.matches(text), 'boolean')
      assert.ok(compiled.cost(text) > 0)
    }),
    { numRuns: 5000 },
  )
})
