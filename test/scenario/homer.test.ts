/** hepgate homer as an operator runs it: password in the environment, the backup beside him, and back again. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { mainPath } from '../support/gateway-process.js'
import { HomerAppStandIn, seededRows } from '../support/homer-app.js'
import { tcpServer } from '../support/listening.js'
import { runProcess } from '../support/process.js'
import { tempDir } from '../support/tmp.js'

test('check, install, check, restore: each says how it went, and at the end Homer is as it was', async (t) => {
  const homer = await HomerAppStandIn.start(t)
  const cwd = tempDir(t)
  const run = async (...args: string[]) => {
    const env = { HOMER_PASSWORD: homer.password }
    const finished = await runProcess(process.execPath, [mainPath, 'homer', ...args, '--url', homer.url], { cwd, env })
    assert.equal(finished.stderr, '')
    assert.doesNotMatch(finished.stdout, new RegExp(homer.password))
    return finished
  }
  assert.equal((await run('check')).code, 1)
  assert.equal((await run('install', '--dry-run')).code, 0)
  assert.deepEqual(readdirSync(cwd), [])

  const installed = await run('install', '--yes')
  assert.equal(installed.code, 0)
  const [backup, ...others] = readdirSync(cwd)
  assert.deepEqual(others, [])
  assert.match(backup!, /^hepgate-homer-\d{4}-\d{2}-\d{2}T[\d-]+Z\.json$/)
  assert.ok(installed.stdout.includes(`kept what was there in ${backup}\n`))
  assert.equal((await run('check')).code, 0)

  const restored = await run('restore', '--yes', '--backup', backup!)
  assert.equal(restored.code, 0)
  assert.ok(readdirSync(cwd).some((file) => file !== backup && restored.stdout.includes(`what was there in ${file}\n`)))
  const byGuid = (a: { guid: string }, b: { guid: string }) => (a.guid < b.guid ? -1 : 1)
  assert.deepEqual(homer.rows.toSorted(byGuid), seededRows().toSorted(byGuid))
})

for (const argv of [
  ['homer', 'check'],
  ['log', 'status'],
  ['trace', 'status'],
]) {
  test(`hepgate ${argv.join(' ')} ends with 1 and says why, where a server accepts and closes`, async (t) => {
    const url = `http://127.0.0.1:${await tcpServer(t, (socket) => socket.destroy())}`
    const { code, stdout, stderr } = await runProcess(process.execPath, [mainPath, ...argv, '--url', url])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /no answer from \S+ \(it closed the connection\); is /)
  })
}
