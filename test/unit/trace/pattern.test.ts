import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePattern } from '../../../src/trace/filter/pattern.js'

function matches(pattern: string, text: string): boolean {
  const compiled = compilePattern(pattern)
  return typeof compiled === 'string' ? assert.fail(`${pattern}: ${compiled}`) : compiled.matches(text)
}

function refused(pattern: string): string {
  const compiled = compilePattern(pattern)
  return typeof compiled === 'string' ? compiled : assert.fail(`${pattern} was taken`)
}

test('what matches and what does not', () => {
  for (const [pattern, yes, no] of [
    ['', ['', 'a'], []],
    ['abc', ['abc', 'xabcx', 'ABC'], ['ab', 'a b c']],
    ['^abc$', ['abc'], ['abcd', 'xabc', '']],
    ['^$', [''], ['a']],
    ['a.c', ['abc', 'a\nc'], ['ac']],
    ['a*', ['', 'aaa'], []],
    ['^a+$', ['a', 'aaa'], ['', 'ab']],
    ['^ab?c$', ['ac', 'abc'], ['abbc']],
    ['^a{2}$', ['aa'], ['a', 'aaa']],
    ['^a{2,}$', ['aa', 'aaaa'], ['a']],
    ['^a{1,3}$', ['a', 'aaa'], ['', 'aaaa']],
    ['^(ab|cd)+$', ['ab', 'abcdab'], ['abc', '']],
    ['^(a|b|)c$', ['ac', 'bc', 'c'], ['abc']],
    ['^(?:ab)$', ['ab'], ['a']],
    ['[a-c]', ['b', 'B'], ['d']],
    ['^[^a-c]$', ['d'], ['b', 'B', '']],
    ['^[]a]$', [']', 'a'], ['b']],
    ['^[a-]$', ['-', 'a'], ['b']],
    ['^[\\].]$', [']', '.'], ['\\']],
    ['^[[:digit:]x]+$', ['12x3'], ['y']],
    ['^[^[:space:]]+$', ['abc'], ['a c']],
    ['^\\d\\w\\s$', ['1a ', '0_\t'], ['aa ']],
    ['^\\D\\W\\S$', ['a-b'], ['1-b']],
    ['^[\\w.]+$', ['a.b_c'], ['a-b']],
    ['\\.\\*\\(\\)\\[\\]\\{\\}\\^\\$\\|\\?\\+', ['.*()[]{}^$|?+'], ['x']],
    ['^(a*)*$', ['', 'aaaa'], ['b']],
    ['^(a?){3}$', ['', 'aaa'], ['aaaa']],
    ['ü', ['Ü', 'ü'], ['u']],
    ['^[à-ü]$', ['é'], ['e']],
    ['^[^à-ü]$', ['e', 'ÿ'], ['é']],
    ['((((){999}){999}){999}){999}', ['', 'x'], []],
  ] as const) {
    for (const text of yes) assert.ok(matches(pattern, text), `${pattern} should match ${JSON.stringify(text)}`)
    for (const text of no) assert.ok(!matches(pattern, text), `${pattern} should not match ${JSON.stringify(text)}`)
  }
})

test('what is no pattern, or cannot be had in linear time, is refused with a reason', () => {
  for (const [pattern, reason] of [
    ['(', '( without )'],
    [')', ') without ('],
    ['a(b))', ') without ('],
    ['[a', '[ without ]'],
    ['[', '[ without ]'],
    ['[a-', '[ without ]'],
    ['[z-a]', 'a range in [ ] runs backwards'],
    ['[[:nope:]]', 'unknown character class in [ ]'],
    ['[[:ALPHA:]]', 'unknown character class in [ ]'],
    ['[[.a.]]', 'collating elements are not supported'],
    ['[\\W]', '\\W is not supported in [ ]'],
    ['*a', 'nothing before * to repeat; a plain one is \\*'],
    ['a|+', 'nothing before + to repeat; a plain one is \\+'],
    ['^*', 'an anchor cannot be repeated'],
    ['a{', '{ begins no count; a plain brace is \\{'],
    ['a{x}', '{ begins no count; a plain brace is \\{'],
    ['a{3,2}', '{3,2} counts backwards'],
    ['a+?', 'two counts in a row; put ( ) around the first'],
    ['a\\', 'a backslash ends it'],
    ['(a)\\1', 'back-references are not supported'],
    ['\\bword\\b', '\\b is not supported'],
    ['(?=a)', 'groups that begin with (? are not supported'],
    ['(a{900}){900}', 'it is too large'],
    ['('.repeat(100), 'it is nested too deeply'],
    ['a'.repeat(2000), 'it is longer than 1024 characters'],
  ] as const) {
    assert.equal(refused(pattern), reason, pattern)
  }
})

test('patterns that hold up a backtracking engine take linear time', () => {
  for (const pattern of [
    '^(a+)+$',
    '^(a|a)*$',
    '^(a|aa)+$',
    '^(.*a){12}$',
    '(x+x+)+y',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
  ]) {
    const compiled = compilePattern(pattern)
    assert.ok(typeof compiled !== 'string')
    const text = `${'a'.repeat(3000)}!`
    const began = performance.now()
    compiled.matches(text)
    assert.ok(performance.now() - began < 2000, pattern)
  }
})

test('the cost is a bound that grows with pattern and text', () => {
  const [small, large] = [compilePattern('a'), compilePattern('a{100}')]
  assert.ok(typeof small !== 'string' && typeof large !== 'string')
  assert.ok(large.cost('x') > 10 * small.cost('x'))
  assert.ok(small.cost('x'.repeat(1000)) > 100 * small.cost('x'))
})
