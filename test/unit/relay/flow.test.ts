import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { UsageError } from '../../../src/base/errors.js'
import { type Flow, FlowTokens, flowSecret } from '../../../src/relay/flow.js'
import { tempDir } from '../../support/tmp.js'

const secret = 'a secret that survives a restart'
const flow: Flow = {
  connId: '7302486319104',
  transport: 'tls',
  local: { ip: '192.0.2.1', port: 5061 },
  peer: { ip: '203.0.113.9', port: 40123 },
}

describe('flow token', () => {
  it('brings back connection, transport and both addresses', () => {
    const flows: Flow[] = [
      flow,
      { ...flow, transport: 'tcp', connId: '18446744073709551615' },
      { ...flow, transport: 'udp', connId: '0', peer: { ip: '0.0.0.0', port: 0 } },
      { ...flow, local: { ip: '2001:db8::1', port: 65535 }, peer: { ip: '2001:db8:0:1::f', port: 1 } },
      { ...flow, local: { ip: '192.0.2.1', port: 5061 }, peer: { ip: '2001:db8::1', port: 1 } },
    ]
    const tokens = new FlowTokens(secret)
    for (const each of flows) {
      const token = tokens.token(each)
      assert.deepEqual(new FlowTokens(secret).read(token), each)
      assert.deepEqual(tokens.read(token), each)
      assert.deepEqual(tokens.read(token), each, 'read again')
    }
    assert.equal(new Set(flows.map((each) => tokens.token(each))).size, flows.length)
  })

  it('is the same for the same flow, and needs no escaping as the user part of a URI', () => {
    const token = new FlowTokens(secret).token(flow)
    assert.equal(new FlowTokens(Buffer.from(secret)).token(flow), token)
    assert.match(token, /^[A-Za-z0-9_-]{42}$/)
  })

  it('is forged when one character is another', () => {
    const tokens = new FlowTokens(secret)
    const token = tokens.token(flow)
    assert.ok(tokens.read(token))
    for (let i = 0; i < token.length; i++) {
      const forged = `${token.slice(0, i)}${token[i] === 'A' ? 'B' : 'A'}${token.slice(i + 1)}`
      assert.equal(tokens.read(forged), undefined, forged)
    }
  })

  it('of another secret is forged', () => {
    assert.equal(new FlowTokens('another secret').read(new FlowTokens(secret).token(flow)), undefined)
  })

  it('has one spelling', () => {
    const tokens = new FlowTokens(secret)
    // 31 bytes leave two bits of the last character unused, and some spelling of each token has - or _
    let dashes = 0
    for (let i = 0; i < 64; i++) {
      const token = tokens.token({ ...flow, connId: String(i) })
      const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      const sameBytes = `${token.slice(0, -1)}${last[last.indexOf(token.at(-1) as string) + 1]}`
      assert.deepEqual(Buffer.from(sameBytes, 'base64url'), Buffer.from(token, 'base64url'))
      const base64 = token.replaceAll('-', '+').replaceAll('_', '/')
      if (base64 !== token) dashes++
      const spellings = [sameBytes, `${token}=`, `${token}==`, ` ${token}`, `${token}\n`, `${token}.`]
      for (const spelling of base64 === token ? spellings : [...spellings, base64]) {
        assert.equal(tokens.read(spelling), undefined, JSON.stringify(spelling))
      }
    }
    assert.ok(dashes > 0)
  })

  it('is none when the text is something else', () => {
    const tokens = new FlowTokens(secret)
    for (const text of [
      '',
      'alice',
      '%00',
      'é'.repeat(42),
      '\u{1f600}'.repeat(21),
      'A'.repeat(42),
      'A'.repeat(100_000),
    ]) {
      assert.equal(tokens.read(text), undefined)
    }
  })

  it('is still told from a forgery after more tokens than are remembered', () => {
    const tokens = new FlowTokens(secret)
    const first = tokens.token(flow)
    for (let i = 0; i < 10_001; i++) assert.ok(tokens.read(tokens.token({ ...flow, connId: String(i) })))
    assert.deepEqual(tokens.read(first), flow)
    assert.equal(tokens.read(`${first.slice(0, -2)}AA`), undefined)
  })
})

describe('the kept secret', () => {
  const fileOf = (dir: string): string => join(dir, 'flow-secret')

  it('is made once, for us alone, and read back after a restart', (t) => {
    const dir = join(tempDir(t), 'made', 'on', 'the', 'way')
    const made = flowSecret(dir)
    assert.equal(made.length, 32)
    assert.deepEqual(flowSecret(dir), made)
    assert.equal(statSync(fileOf(dir)).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(dir), ['flow-secret'])
  })

  it('is another in another directory', (t) => {
    assert.notDeepEqual(flowSecret(tempDir(t)), flowSecret(tempDir(t)))
  })

  it('of a wrong length is left alone, and the error says what to do', (t) => {
    const dir = tempDir(t)
    writeFileSync(fileOf(dir), 'half a sec')
    assert.throws(
      () => flowSecret(dir),
      (error) => error instanceof UsageError && /remove it, or set relay\.flow_secret/.test(error.message),
    )
    assert.equal(readFileSync(fileOf(dir), 'utf8'), 'half a sec')
  })

  it('that cannot be kept is a usage error that says what to do', (t) => {
    const dir = tempDir(t)
    writeFileSync(join(dir, 'file'), '')
    assert.throws(
      () => flowSecret(join(dir, 'file', 'below')),
      (error) => error instanceof UsageError && /set state_dir or relay\.flow_secret/.test(error.message),
    )
  })
})
