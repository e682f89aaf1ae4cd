/** `hepgate token`: what it prints is a token, and a configuration that knows it. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { parseConfig } from '../../../src/config/load.js'
import { mainPath } from '../../support/gateway-process.js'
import { runHepgate } from '../../support/terminal.js'
import { testApi } from '../api/api.js'

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

async function made(...options: string[]) {
  const { code, stdout, stderr } = await runHepgate('token', ...options)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const token = stdout.split('\n', 1)[0]!
  const yaml = stdout.slice(stdout.indexOf('api:'))
  return { stdout, token, tokens: parseConfig(`socket: tls:127.0.0.1\n${yaml}`).api.tokens }
}

test('it prints 256 bits once, and configuration lines that hold only their digest', async () => {
  const { stdout, token, tokens } = await made('--name', 'on-call')
  assert.match(token, /^[A-Za-z0-9_-]{43}$/)
  assert.equal(stdout.split(token).length, 2, 'the token stands there once')
  assert.deepEqual(tokens, [{ name: 'on-call', scopes: ['read', 'control'], sha256: sha256(token) }])
})

test('each token is another one', async () => {
  assert.notEqual((await made('--name', 'a')).token, (await made('--name', 'a')).token)
})

test('names that YAML would read as something else stay names', async () => {
  for (const name of ['1234', 'true', '1e3']) assert.equal((await made('--name', name)).tokens[0]?.name, name)
})

test('the API takes it, for the scopes that were asked for', async (t) => {
  const { token, tokens } = await made('--name', 'eyes', '--scope', 'read, secrets,read')
  assert.deepEqual(tokens[0]?.scopes, ['read', 'secrets'])
  const { api } = await testApi(t, { tokens })
  const headers = { authorization: `Bearer ${token}` }
  assert.equal((await api.inject({ url: '/api/v1/status', headers })).statusCode, 200)
  assert.equal((await api.inject({ method: 'POST', url: '/api/v1/reload', headers })).statusCode, 403)
})

test('--hash tells the digest of a token that was made elsewhere, with or without a line end', () => {
  const token = 'k7Xw0Jt3mZ-made.elsewhere=='
  for (const input of [token, `${token}\n`, `${token}\r\n`]) {
    const stdout = execFileSync(process.execPath, [mainPath, 'token', '--hash'], { input }).toString()
    assert.equal(stdout, `${sha256(token)}\n`)
  }
})

for (const [what, input, says] of [
  ['nothing', '', /expected one token on standard input/],
  ['two words', 'correct horse battery staple\n', /expected one token on standard input/],
  ['a token that could be guessed from its digest', 'password\n', /at least 16 characters/],
] as const) {
  test(`--hash refuses ${what}, without repeating it`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [mainPath, 'token', '--hash'], { input })
    assert.equal(status, 2)
    assert.equal(stdout.toString(), '')
    assert.match(stderr.toString(), says)
    assert.doesNotMatch(stderr.toString(), /horse|password/)
  })
}
