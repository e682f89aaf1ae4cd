/** What systemd is told, by a program in place of systemd-notify that writes down what it is called with. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { type Log, silentLog } from '../../../src/base/log.js'
import { Systemd } from '../../../src/cli/systemd.js'
import { runProcess } from '../../support/process.js'
import { tempDir } from '../../support/tmp.js'
import { until } from '../../support/wait.js'

test('ready: one message, with the status', async (t) => {
  const notify = fakeNotify(t)
  new Systemd(notify.env(), silentLog).ready('running')
  assert.deepEqual(await notify.told(1), [['READY=1', 'STATUS=running']])
})

test('nobody listens: nothing is told', async (t) => {
  const notify = fakeNotify(t)
  const alone = new Systemd({ PATH: notify.dir, WATCHDOG_USEC: '2000' }, silentLog)
  alone.ready('alone')
  await alone.reloading(async () => 'alone')
  alone.stopping(1, 'alone')
  new Systemd(notify.env(), silentLog).ready('heard')
  assert.deepEqual(await notify.told(1), [['READY=1', 'STATUS=heard']])
})

test('what is meant for this process alone is taken out of the environment', (t) => {
  const env = fakeNotify(t).env({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '1' })
  const { PATH } = env
  new Systemd(env, silentLog)
  assert.deepEqual(env, { PATH })
})

test('a reload is told with its monotonic time before it begins, and ends with what came of it', async (t) => {
  const notify = fakeNotify(t)
  const before = process.hrtime.bigint() / 1000n
  await new Systemd(notify.env(), silentLog).reloading(async () => {
    assert.match((await notify.told(1))[0]!.join(), /^RELOADING=1,MONOTONIC_USEC=\d+$/)
    return 'reloaded'
  })
  const [began, ended] = await notify.told(2)
  const since = BigInt(began![1]!.split('=')[1]!)
  assert.ok(since >= before && since <= process.hrtime.bigint() / 1000n, `${since}`)
  assert.deepEqual(ended, ['READY=1', 'STATUS=reloaded'])
})

test('of reloads that overlap the last one to end is the end', async (t) => {
  const notify = fakeNotify(t)
  const systemd = new Systemd(notify.env(), silentLog)
  const end: ((status: string) => void)[] = []
  const reloads = [0, 1].map(() => systemd.reloading(() => new Promise((resolve) => end.push(resolve))))
  end[0]!('first')
  await reloads[0]
  end[1]!('second')
  await reloads[1]
  const told = await notify.told(4)
  assert.deepEqual(told.slice(2), [['STATUS=first'], ['READY=1', 'STATUS=second']])
})

test('a reload that throws has ended too', async (t) => {
  const notify = fakeNotify(t)
  const reloading = new Systemd(notify.env(), silentLog).reloading(() => Promise.reject(new Error('a bug')))
  await assert.rejects(reloading, /a bug/)
  assert.deepEqual((await notify.told(2))[1], ['READY=1', 'STATUS=the reload failed'])
})

test('stopping says how long it may take', async (t) => {
  const notify = fakeNotify(t)
  new Systemd(notify.env(), silentLog).stopping(37_000, 'stopping')
  assert.deepEqual(await notify.told(1), [['STOPPING=1', 'EXTEND_TIMEOUT_USEC=37000000', 'STATUS=stopping']])
})

test('the watchdog is fed from ready on, twice as often as must be', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const notify = fakeNotify(t)
  const systemd = new Systemd(notify.env({ WATCHDOG_USEC: '30000000', WATCHDOG_PID: String(process.pid) }), silentLog)
  t.mock.timers.tick(60_000)
  systemd.ready('running')
  t.mock.timers.tick(14_999)
  systemd.stopping(1, 'mark')
  t.mock.timers.tick(1)
  t.mock.timers.tick(15_000)
  const told = await notify.told(4)
  assert.deepEqual(
    told.map(([first]) => first),
    ['READY=1', 'STOPPING=1', 'WATCHDOG=1', 'WATCHDOG=1'],
  )
})

for (const [why, variables] of Object.entries({
  'of another process': { WATCHDOG_USEC: '2000', WATCHDOG_PID: '1' },
  'that is not on': {},
  'without a time': { WATCHDOG_USEC: 'soon' },
  'of no time': { WATCHDOG_USEC: '0' },
})) {
  test(`a watchdog ${why} is not fed`, async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] })
    const notify = fakeNotify(t)
    const systemd = new Systemd(notify.env(variables), silentLog)
    systemd.ready('running')
    t.mock.timers.tick(60_000)
    systemd.stopping(1, 'mark')
    assert.deepEqual(
      (await notify.told(2)).map(([first]) => first),
      ['READY=1', 'STOPPING=1'],
    )
  })
}

test('a status cannot say anything else, expand to files, or grow beyond what systemd takes', async (t) => {
  const notify = fakeNotify(t)
  const systemd = new Systemd(notify.env(), silentLog)
  systemd.ready(`line 3:\tx\nSTOPPING=1\u0085* $HOME \`id\` \\n "'`)
  systemd.ready('x'.repeat(10_000))
  const [odd, long] = await notify.told(2)
  assert.deepEqual(odd, ['READY=1', `STATUS=line 3: x STOPPING=1 * $HOME \`id\` \\n "'`])
  assert.equal(long![1]!.length, 1000)
})

test('the program is missing: one warning, and what is told when it is back arrives', async (t) => {
  const notify = fakeNotify(t, false)
  const warnings: object[] = []
  const log: Log = { ...silentLog, warn: (fields) => warnings.push(fields) }
  const systemd = new Systemd(notify.env(), log)
  systemd.ready('1')
  systemd.stopping(1, '2')
  await until('a warning', () => warnings.length > 0)
  notify.install()
  systemd.ready('back')
  await until('what was told last', async () => (await notify.told(1)).at(-1)?.[1] === 'STATUS=back')
  assert.equal(warnings.length, 1)
  assert.match(JSON.stringify(warnings), /systemd-notify: not found/)
})

test('a shell that cannot be started is a warning and nothing worse', (t) => {
  const warnings: object[] = []
  const env = fakeNotify(t).env({ NOTIFY_SOCKET: 'no environment can hold \0' })
  const systemd = new Systemd(env, { ...silentLog, warn: (fields) => warnings.push(fields) })
  systemd.ready('running')
  systemd.stopping(1, 'stopping')
  assert.equal(warnings.length, 1)
})

test('signals to all processes of the unit leave the shell alone; when it is killed another one is started', async (t) => {
  const notify = fakeNotify(t)
  const systemd = new Systemd(notify.env(), silentLog)
  systemd.ready('1')
  await notify.told(1)
  const shell = notify.caller()
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM']) process.kill(shell, signal)
  systemd.ready('2')
  await notify.told(2)
  assert.equal(notify.caller(), shell)

  process.kill(shell, 'SIGKILL')
  await until('another shell', () => {
    systemd.ready('3')
    return notify.caller() !== shell
  })
  // nothing is written any more when the directory goes
  systemd.ready('last')
  await until('what was told last', async () => (await notify.told(1)).at(-1)?.[1] === 'STATUS=last')
})

test('a process that has nothing else to do ends, and what it told arrives', async (t) => {
  const notify = fakeNotify(t)
  const module = pathToFileURL(join(import.meta.dirname, '../../../src/cli/systemd.js'))
  const script = `
    import { Systemd } from '${module}'
    new Systemd(process.env, console).ready('for a moment')`
  const ended = await runProcess(process.execPath, ['--input-type=module', '-e', script], {
    env: notify.env({ WATCHDOG_USEC: '60000000' }),
  })
  assert.equal(ended.code, 0, ended.stderr)
  assert.deepEqual(await notify.told(1), [['READY=1', 'STATUS=for a moment']])
})

/** A directory with a systemd-notify that notes who called it and its arguments, if `installed`. */
function fakeNotify(t: TestContext, installed = true) {
  const dir = tempDir(t)
  const [noted, callers, program] = ['noted', 'callers', 'systemd-notify'].map((name) => join(dir, name))
  const lines = (file: string): string[] =>
    existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
  const install = (): void => {
    const arguments_ = `{ printf '%s\\t' "$@"; echo; } >> '${noted}'`
    writeFileSync(
      program!,
      `#!/bin/sh\ntest -n "$NOTIFY_SOCKET" || exit 1\necho $PPID >> '${callers}'\n${arguments_}\n`,
    )
    chmodSync(program!, 0o755)
  }
  if (installed) install()
  return {
    dir,
    install,
    env: (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({ PATH: dir, NOTIFY_SOCKET: '/run/notify', ...more }),
    /** the arguments of each call, once there are so many */
    async told(count: number): Promise<string[][]> {
      await until(`${count} messages`, () => lines(noted!).length >= count)
      return lines(noted!).map((line) => line.split('\t').slice(0, -1))
    },
    /** the process that made the last call */
    caller: () => Number(lines(callers!).at(-1)),
  }
}
