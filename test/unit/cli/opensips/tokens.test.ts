/** The text of an OpenSIPS configuration as tokens. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ReadError, tokenize } from '../../../../src/cli/opensips/tokens.js'
import { assertLinear } from '../../../support/linear.js'

const kinds = (text: string) => tokenize(text).map(({ kind, value }) => [kind, value])

test('words hold addresses, names and numbers; symbols stand alone', () => {
  assert.deepEqual(kinds('socket=tls:10.0.0.1:5061 as sip.example.com'), [
    ['word', 'socket'],
    ['symbol', '='],
    ['word', 'tls:10.0.0.1:5061'],
    ['word', 'as'],
    ['word', 'sip.example.com'],
  ])
  assert.deepEqual(kinds('!route(a)&&b'), [
    ['symbol', '!'],
    ['word', 'route'],
    ['symbol', '('],
    ['word', 'a'],
    ['symbol', ')'],
    ['symbol', '&'],
    ['symbol', '&'],
    ['word', 'b'],
  ])
})

test('comments are skipped, // begins none, and texts hold what looks like one', () => {
  assert.deepEqual(kinds('a # b\n/* c\n # d */ e # "'), [
    ['word', 'a'],
    ['word', 'e'],
  ])
  assert.deepEqual(kinds('sip://x'), [['word', 'sip://x']])
  assert.deepEqual(kinds('a/*b*/c'), [
    ['word', 'a'],
    ['word', 'c'],
  ])
  assert.deepEqual(kinds('"# /* }"'), [['text', '# /* }']])
})

test('escapes are those of OpenSIPS, and only in double quotes', () => {
  assert.deepEqual(kinds(String.raw`"a\"b\\c\n\t\x41\101\d"`), [['text', 'a"b\\c\n\tAA\\d']])
  assert.deepEqual(kinds(String.raw`'a"\n'`), [['text', String.raw`a"\n`]])
  assert.deepEqual(kinds('"two\nlines" "joined \\\nlines"'), [
    ['text', 'two\nlines'],
    ['text', 'joined lines'],
  ])
})

test('a variable takes its parentheses along, whatever is in them', () => {
  assert.deepEqual(kinds('$(hdr(Via)[0]{param.value,;}) $avp(x)=$ru;'), [
    ['variable', '$(hdr(Via)[0]{param.value,;})'],
    ['variable', '$avp(x)'],
    ['symbol', '='],
    ['variable', '$ru'],
    ['symbol', ';'],
  ])
  assert.deepEqual(kinds('($ru) (x'), [
    ['symbol', '('],
    ['variable', '$ru'],
    ['symbol', ')'],
    ['symbol', '('],
    ['word', 'x'],
  ])
})

for (const [text, at] of [
  ['a "b', 2],
  ["a 'b", 2],
  ['a "b\\"', 2],
  ['ab /* c', 3],
] as const) {
  test(`what is not closed is told with its place: ${text}`, () => {
    assert.throws(
      () => tokenize(text),
      (error) => error instanceof ReadError && error.at === at && /is not closed/.test(error.message),
    )
  })
}

test('any text is tokens in their order, with nothing but spaces and comments between them, or a ReadError', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab1$#"\'\\/*(){}[]=;,.:!&\n \tü') })
  fc.assert(
    fc.property(text, (script) => {
      let tokens: ReturnType<typeof tokenize>
      try {
        tokens = tokenize(script)
      } catch (error) {
        assert.ok(error instanceof ReadError && error.at < script.length)
        return
      }
      let end = 0
      for (const token of tokens) {
        assert.ok(token.start >= end && token.end > token.start)
        assert.match(script.slice(end, token.start), /^(?:\s|#.*|\/\*[\s\S]*?\*\/)*$/)
        end = token.end
      }
    }),
  )
})

for (const [name, piece] of Object.entries({ comments: '/* a */ # b\n', quotes: '"a\\"" ', dollars: '$( ' })) {
  test(`many ${name} are read in linear time`, () => {
    const sized = (size: number) => {
      const text = piece.repeat(size)
      return () => tokenize(text)
    }
    assertLinear(sized, 4000)
  })
}
