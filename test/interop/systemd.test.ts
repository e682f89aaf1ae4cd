/** The gateway as a service of systemd: what systemd-notify of Debian tells a socket that is ours, and the unit file. */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { configFile, type GatewayProcess, mainPath, startGatewayProcess } from '../support/gateway-process.js'
import { tcpConnect } from '../support/listening.js'
import { repoRoot } from '../support/paths.js'
import { lacks, peer } from '../support/peers.js'
import { freePort } from '../support/ports.js'
import { runProcess, startProcess } from '../support/process.js'
import { tempDir } from '../support/tmp.js'
import { until } from '../support/wait.js'

const needs = { skip: lacks('systemd-notify', 'perl') }

test('READY comes when phones and API are served', needs, async (t) => {
  const systemd = await listen(t)
  const [port, apiPort] = [await freePort(), await freePort()]
  const starting = startGatewayProcess(t, { socket: [`tls:127.0.0.1:${port}`] }, apiPort)
  await systemd.told(/^READY=1 STATUS=running$/)
  await tcpConnect(t, port)
  assert.equal((await fetch(`http://127.0.0.1:${apiPort}/readyz`)).status, 200)
  const gateway = await starting
  await gateway.stop()
})

test('an abstract socket is one too', needs, async (t) => {
  const systemd = await listen(t, `@hepgate-test-${process.pid}`)
  const gateway = await startGatewayProcess(t, {})
  await systemd.told(/^READY=1 /)
  await gateway.stop()
})

test('a reload begins and ends; one that fails says why and that the old configuration runs', needs, async (t) => {
  const systemd = await listen(t)
  const gateway = await startGatewayProcess(t, {})
  gateway.process.signal('SIGHUP')
  await systemd.told(/^RELOADING=1 MONOTONIC_USEC=\d+\nBARRIER=1\nREADY=1 STATUS=running$/)
  const written = readFileSync(configFile(gateway.dir), 'utf8')
  writeFileSync(configFile(gateway.dir), written.replace('{', '{ "nonsense": 1,'))
  gateway.process.signal('SIGHUP')
  await systemd.told(
    /^READY=1 STATUS=running by the configuration before .* failed: line 1: nonsense: is not a setting/,
  )
  await gateway.stop()
})

test('the watchdog hears of the gateway while its event loop turns, and only then', needs, async (t) => {
  const systemd = await listen(t, undefined, { WATCHDOG_USEC: '200000' })
  const gateway = await startGatewayProcess(t, {})
  await systemd.told(/^WATCHDOG=1\n(?:.*\n)*WATCHDOG=1$/)

  gateway.process.signal('SIGSTOP')
  // What was on its way arrives in the time of five further messages; then for ten watchdog times nothing may.
  for (let i = 0; i < 5; i++) await systemd.tell('MARK=1')
  await systemd.tell('STANDS=1')
  const silentUntil = performance.now() + 2000
  await until('ten watchdog times', async () => {
    await systemd.tell('MARK=1')
    return performance.now() > silentUntil
  })
  const silence = systemd.heard().split('STANDS=1')[1]!
  gateway.process.signal('SIGCONT')
  assert.doesNotMatch(silence, /WATCHDOG/)
  await systemd.told(/^STANDS=1\n(?:.*\n)*WATCHDOG=1$/)
  await gateway.stop()
})

test('STOPPING says how long the drain may take', needs, async (t) => {
  const systemd = await listen(t)
  const gateway = await startGatewayProcess(t, { limits: { drain_timeout: 60_000 } })
  await gateway.stop()
  const [, micros] = await systemd.told(/^STOPPING=1 EXTEND_TIMEOUT_USEC=(\d+) STATUS=stopping: .* 1m to end$/)
  assert.ok(Number(micros) > 60e6, micros)
})

test('a gateway that lost its way to systemd serves on, and says so once', needs, async (t) => {
  const systemd = await listen(t)
  const gateway = await startGatewayProcess(t, {})
  await systemd.told(/^READY=1 /)
  await systemd.end()
  for (const times of [1, 2]) {
    gateway.process.signal('SIGHUP')
    await until(`reload ${times}`, () => reloads(gateway) === times)
  }
  await gateway.stop()
  const warnings = gateway.process.output.match(/systemd cannot be told/g)
  assert.equal(warnings?.length, 1, gateway.process.output)
})

test('systemd finds nothing wrong with the unit', { skip: lacks('systemd-analyze') }, async (t) => {
  const unit = unitFor(t)
  const verified = await runProcess(peer('systemd-analyze'), ['verify', '--man=no', unit])
  assert.deepEqual({ code: verified.code, said: verified.stdout + verified.stderr }, { code: 0, said: '' })
})

test('the unit is as closed as a gateway can be', { skip: lacks('systemd-analyze') }, async (t) => {
  const args = ['security', '--offline=true', '--no-pager', '--threshold=20', unitFor(t)]
  const judged = await runProcess(peer('systemd-analyze'), args)
  assert.equal(judged.code, 0, judged.stdout)
})

function reloads({ process }: GatewayProcess): number {
  return process.output.match(/"configuration reloaded/g)?.length ?? 0
}

/** The unit with the program of this test run in place of the installed one. */
function unitFor(t: TestContext): string {
  const dir = tempDir(t)
  const program = join(dir, 'hepgate')
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${mainPath}' "$@"\n`)
  chmodSync(program, 0o755)
  const unit = join(dir, 'hepgate.service')
  const shipped = readFileSync(join(repoRoot, 'config/systemd/hepgate.service'), 'utf8')
  writeFileSync(unit, shipped.replaceAll('/usr/local/bin/hepgate', program))
  return unit
}

/**
 * Prints each datagram as a line. It takes no descriptors: systemd-notify sends one along and waits until it is closed,
 * which is how it knows that a message was read.
 */
const listener = `
  use Socket;
  $| = 1;
  my $name = $ENV{NOTIFY_SOCKET} =~ s/^\\@/\\0/r;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
  bind($socket, pack_sockaddr_un($name)) or die $!;
  print "listening\\n";
  while (defined recv($socket, my $message, 4096, 0)) { $message =~ s/\\n/ /g; print "$message\\n" }`

/** Listens as systemd does. Gateways started from now on are told where, and what else is in `env`. */
async function listen(t: TestContext, socket = join(tempDir(t), 'notify'), env: NodeJS.ProcessEnv = {}) {
  const told = { NOTIFY_SOCKET: socket, ...env }
  Object.assign(process.env, told)
  t.after(() => {
    for (const name of Object.keys(told)) delete process.env[name]
  })
  const perl = startProcess(t, peer('perl'), ['-e', listener])
  await perl.printed(/listening/)
  return {
    heard: () => perl.output,
    /** Waits for lines like these. */
    told: (lines: RegExp) => perl.printed(new RegExp(lines, 'm')),
    async tell(assignment: string): Promise<void> {
      const { code, stderr } = await runProcess(peer('systemd-notify'), [assignment])
      assert.equal(code, 0, stderr)
    },
    end: () => perl.stop('SIGKILL'),
  }
}
