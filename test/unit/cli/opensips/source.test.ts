/** Files that include others, and files of other programs. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readSource } from '../../../../src/cli/opensips/source.js'
import { refused, writeCfg } from '../../../support/opensips.js'
import { tempDir } from '../../../support/tmp.js'

const cfg = 'socket=tls:10.0.0.1:5061\n'

test('included files stand where they are included, beside the file that does, each with its own lines', (t) => {
  const file = writeCfg(t, 'a\r\ninclude_file "more/b.cfg"\nz', {
    'more/b.cfg': "b\n  import_file 'c.cfg'",
    'more/c.cfg': 'c',
  })
  const source = readSource(file)
  assert.deepEqual(source.text.split('\n'), ['a', '', 'b', '', 'c', 'z'])
  const places = ['a', 'b', 'c', 'z'].map((letter) => source.place(source.text.indexOf(letter)))
  const dir = file.replace('opensips.cfg', '')
  assert.deepEqual(
    places.map((place) => place.replace(dir, '')),
    ['opensips.cfg:1', 'more/b.cfg:1', 'more/c.cfg:1', 'opensips.cfg:3'],
  )
})

test('a file that is not there, or includes itself, is missing; the rest is read', (t) => {
  const text = 'include_file "none.cfg"\ninclude_file "opensips.cfg"\ninclude_file "b.cfg"\n'
  const { missing, place } = readSource(writeCfg(t, text, { 'b.cfg': 'include_file "opensips.cfg"' }))
  assert.deepEqual(
    missing.map(({ at, reason }) => [place(at).replace(/^.*\//, ''), reason]),
    [
      ['opensips.cfg:1', 'none.cfg cannot be read (ENOENT)'],
      ['opensips.cfg:2', 'opensips.cfg includes itself'],
      ['b.cfg:1', 'opensips.cfg includes itself'],
    ],
  )
})

test('an inclusion in a comment is none', (t) => {
  const { missing } = readSource(writeCfg(t, '# include_file "none.cfg"\n'))
  assert.deepEqual(missing, [])
})

test('a file that is not there is refused', (t) => {
  const file = join(tempDir(t), 'none.cfg')
  assert.throws(() => readSource(file), { name: 'UsageError', message: `${file} cannot be read (ENOENT)` })
})

for (const line of ['#!KAMAILIO', '#!define WITH_TLS', '#!ifdef WITH_TLS', 'request_route {', '!!substdef "!A!B!g"']) {
  test(`Kamailio is refused by name: ${line}`, async (t) => {
    const sentence = 'opensips.cfg:2: this looks like a configuration of Kamailio, not of OpenSIPS'
    assert.equal(await refused(t, `${cfg}${line}\n`), sentence)
  })
}

for (const line of ['divert(-1)', "define(`IP', `10.0.0.1')", "ifelse(TLS, `yes', `', `')"]) {
  test(`a template for m4 is refused by name: ${line}`, async (t) => {
    assert.match(await refused(t, `${cfg}${line}\n`), /^opensips\.cfg:2: this is a template for m4/)
  })
}

for (const [what, text] of Object.entries({
  nothing: '',
  YAML: 'socket:\n  - tls:0.0.0.0:5061\n',
  'other settings': 'colour = blue\n',
})) {
  test(`${what} is no configuration of OpenSIPS`, async (t) => {
    assert.match(await refused(t, text), /^opensips\.cfg: no configuration of OpenSIPS/)
  })
}

test('what is not closed is refused with its place', async (t) => {
  assert.equal(
    await refused(t, `${cfg}include_file "b.cfg"\n`, { 'b.cfg': '\nmodparam("proto_tls", "tls_port, 5061)\n' }),
    'b.cfg:2: this text is not closed: " is missing',
  )
})
