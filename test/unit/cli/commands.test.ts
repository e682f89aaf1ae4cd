/** Help, version, exit codes and what bad usage is told. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { repoRoot } from '../../support/paths.js'
import { runHepgate } from '../../support/terminal.js'

const commands = ['run', 'check', 'trace', 'token', 'hep-dump', 'replay', 'import', 'hep-test', 'homer']

for (const flag of ['--help', '-h', 'help']) {
  test(`hepgate ${flag} names every command`, async () => {
    const { code, stdout } = await runHepgate(flag)
    assert.equal(code, 0)
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} +\\S`, 'm'))
  })
}

for (const flag of ['--version', '-V']) {
  test(`hepgate ${flag} prints the version of the package`, async () => {
    const { version } = JSON.parse(readFileSync(`${repoRoot}package.json`, 'utf8'))
    assert.deepEqual(await runHepgate(flag), { code: 0, stdout: `${version}\n`, stderr: '' })
  })
}

for (const command of commands) {
  test(`hepgate ${command} --help says how it is used, whatever else is given`, async () => {
    const { code, stdout, stderr } = await runHepgate(command, '--nonsense', '--help')
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`^usage: hepgate ${command} `))
    assert.equal(stderr, '')
  })

  test(`hepgate ${command} refuses an option it does not have`, async () => {
    const { code, stdout, stderr } = await runHepgate(command, '--nonsense')
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, new RegExp(`^hepgate ${command}: Unknown option '--nonsense'; see --help\n$`))
  })
}

test('docs/cli.md shows the help of every command as it is', async () => {
  const text = readFileSync(`${repoRoot}docs/cli.md`, 'utf8')
  for (const command of commands) {
    const { stdout } = await runHepgate(command, '--help')
    assert.ok(text.includes(stdout), `docs/cli.md: the help of ${command} differs`)
  }
})

for (const [name, argv, says] of [
  ['no command', [], /usage: hepgate COMMAND/],
  ['an unknown command', ['start'], /there is no command start; try hepgate --help/],
  ['a name every object has', ['constructor'], /there is no command constructor/],
  ['a word too many', ['run', 'now'], /what is now for\? see --help$/m],
  ['a file without its option', ['run', 'file.yaml'], /what is file\.yaml for\? did you mean --config file\.yaml\?$/m],
  ['a file where none belongs', ['hep-dump', 'file.yaml'], /what is file\.yaml for\? see --help$/m],
  ['an option without its value', ['run', '--config'], /'-c, --config <value>' argument missing/],
  [
    'a file that is not there',
    ['run', '--config', '/nonexistent.yaml'],
    /nonexistent\.yaml: cannot be read \(ENOENT\)/,
  ],
  ['trace without a word', ['trace'], /on, off or status is missing/],
  ['trace with another word', ['trace', 'maybe'], /on, off or status, not maybe/],
  ['trace off for a time', ['trace', 'off', '--for', '10m'], /go with trace on/],
  ['trace on for a bad time', ['trace', 'on', '--for', '10'], /--for should be a duration/],
  ['trace off with a filter', ['trace', 'off', '--filter', '-'], /--filter goes with/],
  ['trace with a bad URL', ['trace', 'status', '--url', 'localhost:8080'], /is not a URL/],
  ['trace with a token in sight', ['trace', 'status', '--token', 'abc'], /env:NAME or file:PATH/],
  [
    'trace with a token that is not there',
    ['trace', 'status', '--token', 'env:NO_SUCH_TOKEN'],
    /NO_SUCH_TOKEN is not set/,
  ],
  ['trace with a filter that is not there', ['trace', 'on', '--filter', '/nonexistent'], /cannot read the filter/],
  ['token without a name', ['token'], /--name is missing/],
  ['token with a name that breaks lines', ['token', '--name', 'a\nb'], /is not a name/],
  ['token for a scope there is not', ['token', '--name', 'a', '--scope', 'root'], /read, control, secrets, not root/],
  ['token of which both is asked', ['token', '--hash', '--name', 'a'], /--hash goes alone/],
  ['hep-dump on a bad socket', ['hep-dump', '--listen', '127.0.0.1:9060'], /expected udp:IP/],
  ['hep-dump on a name', ['hep-dump', '--listen', 'udp:localhost'], /is not an IP address/],
  ['hep-dump with a bad count', ['hep-dump', '--count', '0'], /--count should be a whole number from 1 on/],
  ['replay without a file', ['replay', '--to', 'udp:127.0.0.1:9060'], /FILE\.pcap is missing/],
  ['replay without a destination', ['replay', 'a.pcap'], /--to is missing/],
  ['replay at another speed', ['replay', 'a.pcap', '--to', 'udp:127.0.0.1', '--speed', '2'], /--speed real or max/],
  ['replay to an id of nowhere', ['replay', 'a.pcap', '--to', 'hep_dest'], /say with --config/],
] as const) {
  test(`${name} is bad usage (2) that says what to do`, async () => {
    const { code, stdout, stderr } = await runHepgate(...argv)
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, says)
  })
}
