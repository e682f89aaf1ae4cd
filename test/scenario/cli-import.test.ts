/** `hepgate import` as a program: what it writes passes `hepgate check`, and it writes over nothing unasked. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { TestCa } from '../support/certificates.js'
import { mainPath } from '../support/gateway-process.js'
import { writeCfg } from '../support/opensips.js'
import { repoRoot } from '../support/paths.js'
import { runProcess } from '../support/process.js'
import { tempDir } from '../support/tmp.js'

const hepgate = (...args: string[]) => runProcess(process.execPath, [mainPath, ...args])
const small = 'socket=tls:127.0.0.1:5061\n'

/** The configuration of an SBC with certificates of its own in place of those of /etc. */
async function sbc(t: TestContext): Promise<string> {
  const text = readFileSync(`${repoRoot}test/unit/cli/opensips/data/opensips-3.cfg`, 'utf8')
  const ca = await TestCa.create({ name: 'Import CA', keyType: 'ecdsa' })
  const { certPem, keyPem } = await ca.issue({ cn: 'sip.example.com', dns: ['sip.example.com'], keyType: 'ecdsa' })
  const certs: Record<string, string> = { 'carrier-ca.pem': ca.certPem, 'crl/carrier.pem': ca.crl() }
  for (const name of ['sip.example.com', 'carrier-client']) {
    Object.assign(certs, { [`${name}.pem`]: certPem + ca.certPem, [`${name}.key`]: keyPem })
  }
  return writeCfg(t, text.replaceAll('/etc/opensips/tls/', ''), certs)
}

test('an SBC is imported, and hepgate check finds it fine', async (t) => {
  const file = await sbc(t)
  const output = file.replace('opensips.cfg', 'hepgate.yaml')
  const { code, stdout, stderr } = await hepgate('import', file, '--output', output)
  assert.deepEqual([code, stdout], [0, ''])
  assert.match(stderr, /^\S*opensips\.cfg:29: socket udp:eth1:5070: left out/m)
  assert.match(stderr, /\nwrote \S*hepgate\.yaml; next: hepgate check --config \S*hepgate\.yaml\n$/)
  const checked = await hepgate('check', '--config', output)
  assert.equal(checked.code, 0, checked.stderr)
  assert.match(checked.stdout, /^traces +by the filter tls_filter$/m)
})

test('without --output the configuration goes to standard output and what to look at to standard error', async (t) => {
  const file = writeCfg(t, small)
  const { code, stdout, stderr } = await hepgate('import', file)
  assert.equal(code, 0)
  assert.match(stdout, /^socket:\n {2}- tls:127\.0\.0\.1:5061$/m)
  assert.match(stderr, /^Routes and modules that route are not carried over/m)
})

test('a file that exists stays as it is unless --force says otherwise; what is imported stays in any case', async (t) => {
  const file = writeCfg(t, small)
  const output = join(tempDir(t), 'hepgate.yaml')
  writeFileSync(output, 'mine\n')
  const refused = await hepgate('import', file, '-o', output)
  assert.deepEqual([refused.code, refused.stdout], [2, ''])
  assert.match(refused.stderr, /^hepgate import: \S+hepgate\.yaml exists already; --force writes over it\n$/)
  assert.equal(readFileSync(output, 'utf8'), 'mine\n')
  assert.equal((await hepgate('import', file, '-o', output, '--force')).code, 0)
  assert.match(readFileSync(output, 'utf8'), /^socket:/m)
  assert.equal((await hepgate('import', file, '-o', file, '--force')).code, 2)
  assert.equal(readFileSync(file, 'utf8'), small)
})

test('what cannot be read, is no configuration of OpenSIPS or cannot be written is bad usage', async (t) => {
  const dir = tempDir(t)
  const kamailio = join(dir, 'kamailio.cfg')
  writeFileSync(kamailio, '#!KAMAILIO\nlisten=tls:127.0.0.1:5061\n')
  const cases: [args: string[], sentence: RegExp][] = [
    [[], /FILE is missing/],
    [[join(dir, 'none.cfg')], /none\.cfg cannot be read \(ENOENT\)/],
    [[dir], /cannot be read \(EISDIR\)/],
    [[kamailio], /kamailio\.cfg:1: this looks like a configuration of Kamailio/],
    [[writeCfg(t, small), '-o', join(dir, 'none', 'x.yaml')], /x\.yaml cannot be written \(ENOENT\)/],
  ]
  for (const [args, sentence] of cases) {
    const { code, stdout, stderr } = await hepgate('import', ...args)
    assert.deepEqual([code, stdout], [2, ''], stderr)
    assert.match(stderr, sentence)
  }
  assert.equal(existsSync(join(dir, 'none')), false)
})
