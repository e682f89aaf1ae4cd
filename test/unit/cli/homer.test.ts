/** hepgate homer against a stand-in of homer-app: what it asks before it writes, what it writes, what it says when it cannot. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { HomerAppStandIn, type HomerOptions, type StandInRow, seededRows } from '../../support/homer-app.js'
import { listening } from '../../support/listening.js'
import { freePort } from '../../support/ports.js'
import { runHepgate } from '../../support/terminal.js'
import { tempDir } from '../../support/tmp.js'

interface Scene {
  readonly homer: HomerAppStandIn
  readonly backup: string
  run(action: string, ...args: string[]): ReturnType<typeof runHepgate>
}

delete process.env.HOMER_PASSWORD

async function scene(t: TestContext, options: HomerOptions = {}): Promise<Scene> {
  const homer = await HomerAppStandIn.start(t, options)
  const dir = tempDir(t)
  const password = join(dir, 'password')
  writeFileSync(password, `${homer.password}\n`)
  const run = (action: string, ...args: string[]) =>
    runHepgate('homer', action, '--url', `${homer.url}/`, '--password', `file:${password}`, ...args)
  return { homer, backup: join(dir, 'backup.json'), run }
}

test('check tells what is missing, changes nothing, and ends with 1', async (t) => {
  const { homer, run } = await scene(t)
  const { code, stdout, stderr } = await run('check')
  assert.deepEqual({ code, stderr }, { code: 1, stderr: '' })
  assert.equal(
    stdout,
    `${homer.url} is a Homer 7\n\n` +
      ['SIP call', 'SIP registration', 'SIP default']
        .map(
          (row) => `! ${row}\n    the events of a call's TLS connections are not looked up (hep_proto_100_default)\n`,
        )
        .join('') +
      '! LOG default\n' +
      '    3 lookups of SIP fail in the database: a call opened from a log row has no SIP\n' +
      "    the events of a call's TLS connections are not looked up (hep_proto_100_default)\n",
  )
  assert.deepEqual(homer.written, [])
})

test('install shows the change, keeps what was there, writes it, and the next check is fine', async (t) => {
  const { homer, run, backup } = await scene(t)
  const { code, stdout, stderr } = await run('install', '--yes', '--backup', backup)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.ok(stdout.endsWith(`\nkept what was there in ${backup}\ninstalled: 4 mappings written\n`), stdout)
  assert.match(stdout, /^- .*data_header\.callid.*\n\+ .*"lookup_field":"sid"/m)
  const kept = JSON.parse(readFileSync(backup, 'utf8')) as { guid: string; correlation_mapping: unknown }[]
  for (const { guid, correlation_mapping } of kept) {
    assert.deepEqual(correlation_mapping, seededRows().find((row) => row.guid === guid)?.correlation_mapping)
  }
  assert.equal(kept.length, 4)
  const { correlation_mapping, ...rest } = homer.row(1, 'call')
  const { correlation_mapping: seeded, ...untouched } = seededRows()[1]!
  assert.deepEqual(rest, untouched)
  assert.deepEqual((correlation_mapping as unknown[]).slice(0, 4), seeded)
  assert.deepEqual(homer.row(2000, 'default'), seededRows()[4])
  const check = await run('check')
  assert.equal(check.code, 0)
  assert.match(check.stdout, /^ {2}SIP call: fine$/m)
})

test('of a row nothing is sent but the lookups and what homer-app insists on', async (t) => {
  const { homer, run, backup } = await scene(t)
  await run('install', '--yes', '--backup', backup)
  for (const row of homer.written) {
    assert.deepEqual(Object.keys(row).sort(), [
      'correlation_mapping',
      'hepid',
      'partid',
      'partition_step',
      'profile',
      'retention',
      'version',
    ])
  }
})

test('a second install finds nothing to do and writes nothing', async (t) => {
  const { homer, run, backup } = await scene(t)
  await run('install', '--yes', '--backup', backup)
  homer.written.length = 0
  const { code, stdout } = await run('install', '--yes')
  assert.equal(code, 0)
  assert.ok(stdout.endsWith('\nnothing to do\n'))
  assert.deepEqual(homer.written, [])
})

const own = {
  source_field: 'data_header.x',
  lookup_id: 1,
  lookup_profile: 'call',
  lookup_field: 'sid',
  lookup_range: [-5, 5],
}

function lookupsOf(row: StandInRow): Record<string, unknown>[] {
  return row.correlation_mapping as Record<string, unknown>[]
}

test('restore takes back what an install wrote, and keeps what else was changed since', async (t) => {
  const { homer, run, backup } = await scene(t)
  await run('install', '--yes', '--backup', backup)
  homer.row(1, 'call').retention = 99
  lookupsOf(homer.row(1, 'call')).push(own)
  lookupsOf(homer.row(100, 'default')).unshift(own)
  const { code, stdout } = await run('restore', '--yes', '--backup', backup)
  assert.equal(code, 0)
  assert.ok(stdout.endsWith('restored: 4 mappings written\n'))
  const [, call, registration, log] = seededRows() as [StandInRow, StandInRow, StandInRow, StandInRow]
  assert.deepEqual(homer.row(1, 'call'), { ...call, retention: 99, correlation_mapping: [...lookupsOf(call), own] })
  assert.deepEqual(homer.row(1, 'registration'), registration)
  assert.deepEqual(homer.row(100, 'default'), { ...log, correlation_mapping: [own, ...lookupsOf(log)] })
  assert.match((await run('restore', '--yes', '--backup', backup)).stdout, /nothing to do\n$/)
})

test('restore keeps what is there before it, from which it can be taken back too', async (t) => {
  const { homer, run, backup } = await scene(t)
  await run('install', '--yes', '--backup', backup)
  lookupsOf(homer.row(1, 'call')).push(own)
  const installed = structuredClone(homer.rows)
  const { stdout } = await run('restore', '--yes', '--backup', backup)
  const kept = /^kept what was there in (.*)$/m.exec(stdout)![1]!
  assert.equal(dirname(kept), dirname(backup))
  assert.equal((await run('restore', '--yes', '--backup', kept)).code, 0)
  assert.deepEqual(sorted(homer.rows), sorted(installed))
})

/** A list has no order for Homer, and the rows none for anybody. */
function sorted(rows: readonly StandInRow[]): unknown[] {
  const text = ({ correlation_mapping: list, ...row }: StandInRow) =>
    JSON.stringify([row, Array.isArray(list) ? list.map((lookup) => JSON.stringify(lookup)).sort() : list])
  return rows.map(text).sort()
}

for (const [what, nothing] of [
  ['an empty object', {}],
  ['null', null],
] as const) {
  test(`a mapping that was ${what} is that again, unless others wrote into it since`, async (t) => {
    const { homer, run, backup } = await scene(t)
    homer.row(1, 'call').correlation_mapping = nothing
    homer.row(1, 'registration').correlation_mapping = nothing
    await run('install', '--yes', '--backup', backup)
    lookupsOf(homer.row(1, 'registration')).push(own)
    await run('restore', '--yes', '--backup', backup)
    assert.deepEqual(homer.row(1, 'call').correlation_mapping, nothing)
    assert.deepEqual(homer.row(1, 'registration').correlation_mapping, [own])
  })
}

test('a lookup of ours with another window is the choice of the operator: restore tells of it and leaves it', async (t) => {
  const { homer, run, backup } = await scene(t)
  await run('install', '--yes', '--backup', backup)
  const ours = lookupsOf(homer.row(1, 'call')).at(-1)!
  ours.lookup_range = [-60, 60]
  const { code, stdout } = await run('restore', '--yes', '--backup', backup)
  assert.equal(code, 0)
  assert.match(stdout, /^ {4}SIP call: a lookup of ours was changed since, and stays$/m)
  assert.deepEqual(lookupsOf(homer.row(1, 'call')).at(-1), ours)
  assert.deepEqual(homer.row(1, 'registration'), seededRows()[2])
})

test('a mapping that is gone is told, and the others are restored', async (t) => {
  const { homer, run, backup } = await scene(t)
  await run('install', '--yes', '--backup', backup)
  const { guid } = homer.row(1, 'call')
  homer.rows = homer.rows.filter((row) => row.guid !== guid)
  const { stdout } = await run('restore', '--yes', '--backup', backup)
  assert.ok(stdout.includes(`    the mapping ${guid} of the backup is not there any more\n`))
  assert.ok(stdout.endsWith('restored: 3 mappings written\n'))
})

for (const action of ['install', 'restore'] as const) {
  test(`an ${action} that fails half way says what was written and both ways on, which work`, async (t) => {
    const { homer, run, backup } = await scene(t)
    if (action === 'restore') await run('install', '--yes', '--backup', backup)
    const before = structuredClone(homer.rows)
    homer.written.length = 0
    homer.failure = () => (homer.written.length === 1 ? 'disk' : undefined)
    const { code, stderr } = await run(action, '--yes', '--backup', backup)
    assert.equal(code, 1)
    const ways =
      /did not take the mapping \(HTTP 400: disk\); 1 of 4 mappings were written: run it again, or hepgate homer restore --backup (.*)\n$/
    const [, kept] = ways.exec(stderr)!
    homer.failure = () => undefined
    assert.match((await run('restore', '--yes', '--backup', kept!)).stdout, /restored: 1 mappings written\n$/)
    assert.deepEqual(sorted(homer.rows), sorted(before))
    assert.match(
      (await run(action, '--yes', '--backup', action === 'install' ? `${backup}.2` : backup)).stdout,
      /4 mappings/,
    )
  })
}

test('--dry-run shows the change and makes none', async (t) => {
  const { homer, run, backup } = await scene(t)
  const { code, stdout } = await run('install', '--dry-run', '--backup', backup)
  assert.equal(code, 0)
  assert.match(stdout, /^\+ \{"source_field":"sid","lookup_id":100/m)
  assert.deepEqual(homer.written, [])
  assert.equal(existsSync(backup), false)
})

test('where nobody can be asked it writes only with --yes', async (t) => {
  const { homer, run } = await scene(t)
  const { code, stderr } = await run('install')
  assert.equal(code, 2)
  assert.match(stderr, /nobody can be asked here: --yes writes, --dry-run does not/)
  assert.deepEqual(homer.written, [])
})

test('a backup is never written over, and without one nothing is written', async (t) => {
  const { homer, run, backup } = await scene(t)
  writeFileSync(backup, 'precious')
  const { code, stderr } = await run('install', '--yes', '--backup', backup)
  assert.equal(code, 2)
  assert.match(stderr, /nothing was written: what is there cannot be kept first \(EEXIST/)
  assert.equal(readFileSync(backup, 'utf8'), 'precious')
  assert.deepEqual(homer.written, [])
})

test('mappings that somebody changes meanwhile are left alone', async (t) => {
  const { homer, run, backup } = await scene(t)
  let lists = 0
  homer.onRequest = ({ url }) => {
    if (url === '/api/v3/mapping/protocol' && ++lists === 2) homer.row(1, 'call').version = 2
  }
  const { code, stderr } = await run('install', '--yes', '--backup', backup)
  assert.equal(code, 1)
  assert.match(stderr, /somebody else changed these mappings meanwhile: nothing was written/)
  assert.equal(existsSync(backup), false)
  assert.deepEqual(homer.written, [])
})

test('a Homer that stores something else than it was sent is not called installed', async (t) => {
  const { homer, run, backup } = await scene(t)
  homer.store = (row) => ({ ...row, correlation_mapping: {} })
  const { code, stderr } = await run('install', '--yes', '--backup', backup)
  assert.equal(code, 1)
  assert.match(stderr, /took the mappings, but they read otherwise/)
})

test('a token is sent as Auth-Token, and a password is then not asked for', async (t) => {
  const { homer, backup } = await scene(t, { tokenAccess: true })
  const file = `${backup}.token`
  writeFileSync(file, homer.token)
  const args = ['homer', 'install', '--url', homer.url, '--token', `file:${file}`, '--yes', '--backup', backup]
  assert.equal((await runHepgate(...args)).code, 0)
  assert.equal(homer.written.length, 4)
})

test('a token where tokens are off is told how they are turned on', async (t) => {
  const { homer, backup } = await scene(t)
  writeFileSync(backup, homer.token)
  const { code, stderr } = await runHepgate('homer', 'check', '--url', homer.url, '--token', `file:${backup}`)
  assert.equal(code, 2)
  assert.match(stderr, /"enable_token_access": true.*HOMER_ENABLE_API does not do it/)
  assert.doesNotMatch(stderr, new RegExp(homer.token))
})

test('a wrong password is bad usage, and is not repeated', async (t) => {
  const { homer, backup } = await scene(t)
  writeFileSync(backup, 'not-the-password')
  const { code, stderr } = await runHepgate('homer', 'check', '--url', homer.url, '--password', `file:${backup}`)
  assert.equal(code, 2)
  assert.equal(stderr, `hepgate homer: ${homer.url} does not let admin in: incorrect password\n`)
})

test('a user who is no administrator may check, and hears why he may not install', async (t) => {
  const { homer, run, backup } = await scene(t)
  assert.equal((await run('check', '--user', 'support')).code, 1)
  const { code, stderr } = await run('install', '--user', 'support', '--yes', '--backup', backup)
  assert.equal(code, 2)
  assert.match(stderr, /changes mappings for its administrators only: This API requires admin access\./)
  assert.deepEqual(homer.written, [])
})

test('what Homer does not take is told in its words', async (t) => {
  const rows = seededRows().map((row) => ({ ...row, retention: 0 }))
  const { run, backup } = await scene(t, { rows })
  const { code, stderr } = await run('install', '--yes', '--backup', backup)
  assert.equal(code, 1)
  assert.match(stderr, /did not take the mapping \(HTTP 400: .*'Retention' failed on the 'required' tag\)/)
})

test('a token that could steer a terminal is none, and is not repeated', async (t) => {
  const { backup } = await scene(t)
  writeFileSync(backup, 'some-password')
  const url = await server(t, 201, '{"token":"a\\u001b[31mb\\nc"}')
  const { code, stderr } = await runHepgate('homer', 'check', '--url', url, '--password', `file:${backup}`)
  assert.equal(code, 1)
  assert.match(stderr, /^hepgate homer: http.* does not answer like Homer 7 \(POST \/api\/v3\/auth: HTTP 201\); .*\n$/)
})

test('what a Homer 11 calls its version cannot steer the terminal', async (t) => {
  const url = await server(t, 200, `{"module":"coordinator","version":"11\\u001b[31m${'1'.repeat(1000)}"}`)
  const { stdout } = await runHepgate('homer', 'check', '--url', url)
  assert.match(stdout, /^http:\S+ is a Homer 11 \(11 \[31m1{293}\), which .*\n$/)
})

test('a Homer whose database was never populated is told so', async (t) => {
  const { run } = await scene(t, { rows: [] })
  const { code, stderr } = await run('check')
  assert.equal(code, 1)
  assert.match(stderr, /no mappings at all: its database was not populated/)
})

async function server(t: TestContext, status: number, body: string): Promise<string> {
  const answering = createServer((_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(body),
  )
  return `http://127.0.0.1:${await listening(t, answering)}`
}

test('a Homer 11 needs nothing, and is not even asked for a login', async (t) => {
  // what its healthHandler answers
  const url = await server(t, 200, '{"module":"coordinator","nodes":1,"status":"ok","version":"11.0.306"}')
  const { code, stdout } = await runHepgate('homer', 'install', '--url', url, '--yes')
  assert.equal(code, 0)
  assert.equal(stdout, `${url} is a Homer 11 (11.0.306), which has no such mapping and shows TLS_SESSION by itself\n`)
})

for (const [what, status, body] of [
  ['another server', 404, '<html>'],
  ['a login page', 200, '<html>'],
  ['JSON of somebody else', 201, '{"ok":true}'],
] as const) {
  test(`${what} is no Homer, and the password of no use`, async (t) => {
    const { backup } = await scene(t)
    writeFileSync(backup, 'secret-of-homer')
    const url = await server(t, status, body)
    const { code, stderr } = await runHepgate('homer', 'check', '--url', url, '--password', `file:${backup}`)
    assert.equal(code, 1)
    assert.match(
      stderr,
      /does not answer like Homer 7 \(POST \/api\/v3\/auth: HTTP \d+\); is it the address of Homer's/,
    )
    assert.doesNotMatch(stderr, /secret-of-homer/)
  })
}

test('a password is sent nowhere else by a redirect', async (t) => {
  const { homer, backup } = await scene(t)
  writeFileSync(backup, homer.password)
  const moved = createServer((_, response) => response.writeHead(307, { location: `${homer.url}/api/v3/auth` }).end())
  const url = `http://127.0.0.1:${await listening(t, moved)}`
  let asked = 0
  homer.onRequest = () => asked++
  const { code, stderr } = await runHepgate('homer', 'check', '--url', url, '--password', `file:${backup}`)
  assert.equal(code, 1)
  assert.match(stderr, /no answer from .* \(it redirects to http:\/\/127.*\/api\/v3\/auth\)/)
  assert.equal(asked, 0)
})

test('nobody there, and TLS where none is spoken, are told apart', async (t) => {
  const gone = `http://127.0.0.1:${await freePort()}`
  assert.match((await runHepgate('homer', 'check', '--url', gone)).stderr, /no answer from .* \(connect ECONNREFUSED/)
  const clear = (await server(t, 404, '{}')).replace('http:', 'https:')
  assert.match((await runHepgate('homer', 'check', '--url', clear)).stderr, /\(it does not speak TLS\)/)
})

for (const [name, argv, says] of [
  ['no word', [], /check, install, restore is missing/],
  ['another word', ['repair', '--url', 'http://homer'], /homer check, install or restore, not repair/],
  ['no URL', ['check'], /--url is missing: the address of Homer/],
  ['a URL that is none', ['check', '--url', 'homer:9080'], /is not a URL/],
  ['a password in the URL', ['check', '--url', 'http://a:b@homer'], /takes scheme, host, port and path alone/],
  ['another form', ['check', '--url', 'http://homer', '--form', 'json'], /--form log or opensips, not json/],
  ['restore without a file', ['restore', '--url', 'http://homer'], /--backup is missing/],
  [
    'a backup that is not there',
    ['restore', '--url', 'http://homer', '--backup', '/nonexistent'],
    /cannot read the backup/,
  ],
  ['check with --yes', ['check', '--url', 'http://homer', '--yes'], /check writes nothing anyway/],
] as const) {
  test(`${name} is bad usage (2) that says what to do`, async () => {
    const { code, stdout, stderr } = await runHepgate('homer', ...argv)
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, says)
    assert.doesNotMatch(stderr, /a:b@/)
  })
}

for (const [name, args, says] of [
  ['without a password', [], /Homer wants a password: set HOMER_PASSWORD, or --password env:NAME or file:PATH/],
  ['with a password in sight', ['--password', 'abc'], /a password on a command line is seen by everyone/],
  ['with a token in sight', ['--token', 'abc'], /a token on a command line is seen by everyone/],
  ['with token and password', ['--token', 'env:A', '--password', 'env:B'], /--token and --password: one of them/],
] as const) {
  test(`${name} nobody is let in (2)`, async (t) => {
    const { homer } = await scene(t)
    const { code, stderr } = await runHepgate('homer', 'check', '--url', homer.url, ...args)
    assert.equal(code, 2)
    assert.match(stderr, says)
  })
}

test('a file that is no backup is refused', async (t) => {
  const { run, backup } = await scene(t)
  writeFileSync(backup, '{"rows":[]}')
  assert.match((await run('restore', '--backup', backup, '--yes')).stderr, /is no backup of hepgate homer/)
})
