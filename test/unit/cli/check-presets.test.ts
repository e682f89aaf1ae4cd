/** The presets of config/ and what docs/presets.md says of them: hepgate check takes each without a word. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { before, type TestContext, test } from 'node:test'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import { editorSchema } from '../../../src/config/json-schema.js'
import { TestCa, type TestCertificate } from '../../support/certificates.js'
import { repoRoot } from '../../support/paths.js'
import { runHepgate } from '../../support/terminal.js'
import { tempDir } from '../../support/tmp.js'

/** These are for the first minute, and for the container; load.test.ts and image.test.ts look at them. */
const notPresets = ['hepgate.yaml', 'docker.yaml']
const presets = readdirSync(join(repoRoot, 'config')).filter((n) => n.endsWith('.yaml') && !notPresets.includes(n))
const textOf = (preset: string) => readFileSync(join(repoRoot, 'config', preset), 'utf8')
/** A setting that is switched off: `#` without a space behind it. */
const withAllOn = (text: string) => text.replace(/^( *)#(?=[^ #\n])/gm, '$1')

let ca: TestCa
let certificate: TestCertificate
before(async () => {
  ca = await TestCa.create({ name: 'Preset CA', keyType: 'ecdsa' })
  certificate = await ca.issue({ cn: 'sip.example.com', dns: ['sip.example.com'], keyType: 'ecdsa' })
})

/** The preset in a directory of its own, with every file that it names. */
function installed(t: TestContext, preset: string, text: string): string {
  const file = join(tempDir(t), preset)
  for (const [, key, path] of text.matchAll(/^ *(certificate|private_key|ca_list): (\S+)$/gm)) {
    const target = resolve(dirname(file), path!)
    mkdirSync(dirname(target), { recursive: true })
    const pem = { certificate: certificate.certPem + ca.certPem, private_key: certificate.keyPem, ca_list: ca.certPem }
    writeFileSync(target, pem[key as keyof typeof pem], { mode: 0o600 })
  }
  writeFileSync(file, text)
  return file
}

test('there is a preset for Teams, Asterisk and FreeSWITCH, each explained, each named where people begin', () => {
  assert.deepEqual(presets.sort(), ['asterisk.yaml', 'freeswitch.yaml', 'teams.yaml'])
  const page = readFileSync(join(repoRoot, 'docs/presets.md'), 'utf8')
  for (const preset of presets) {
    assert.ok(page.includes(`(../config/${preset})`), preset)
    assert.ok(textOf('hepgate.yaml').includes(preset), preset)
  }
})

for (const preset of presets) {
  test(`${preset} passes check without a warning, as the editor schema does`, async (t) => {
    const text = textOf(preset)
    const { code, stdout, stderr } = await runHepgate('check', '--config', installed(t, preset, text))
    assert.equal(stderr, '')
    assert.equal(code, 0)
    assert.match(stdout, /is fine\n$/)
    assert.deepEqual([...Value.Errors(JSON.parse(editorSchema()), parse(text))], [])
  })

  test(`${preset} with everything on that it has switched off passes as well`, async (t) => {
    const text = withAllOn(textOf(preset))
    const { code, stderr } = await runHepgate('check', '--config', installed(t, preset, text))
    assert.equal(stderr, '')
    assert.equal(code, 0)
  })
}
