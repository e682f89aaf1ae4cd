/** Dockerfile, .dockerignore and config/docker.yaml fit each other and the repository. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../../src/config/load.js'
import { fileText } from '../../support/compose.js'
import { startGatewayProcess } from '../../support/gateway-process.js'
import { listening, tcpServer } from '../../support/listening.js'
import { repoRoot } from '../../support/paths.js'
import { runProcess } from '../../support/process.js'
import { runHepgate } from '../../support/terminal.js'
import { tempDir } from '../../support/tmp.js'

/** instruction and the words behind it; a line that ends in a backslash goes on */
const dockerfile = fileText('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.split(' ') as [string, ...string[]])
const instructions = (name: string) => dockerfile.filter(([first]) => first === name).map(([, ...words]) => words)
/** of the repository, into the image */
const copied = instructions('COPY').filter(([first]) => !first!.startsWith('--from='))
/** program and arguments of the health check */
const healthCheck = JSON.parse(/\bCMD (.+)$/.exec(instructions('HEALTHCHECK')[0]!.join(' '))![1]!) as [
  string,
  ...string[],
]
const configFile = join(repoRoot, 'config/docker.yaml')

process.env.HEPGATE_TOKEN = 'for this test only'

test('what the image runs is the configuration that is copied into it', () => {
  const command = JSON.parse(instructions('CMD').at(-1)!.join(' ')) as string[]
  const [, target] = copied.find(([source]) => source === 'config/docker.yaml')!
  assert.deepEqual(command, ['run', '--config', target])
})

test('that configuration passes check without a warning, and needs nothing but its token', async () => {
  const { code, stderr } = await runHepgate('check', '--config', configFile)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const wanted = [...fileText('config/docker.yaml').matchAll(/env:(\w+)/g)].map(([, name]) => name)
  assert.deepEqual(wanted, ['HEPGATE_TOKEN'])
})

test('the image exposes what the configuration listens on, and asks the API how it is', () => {
  const config = loadConfig(configFile)
  const listening = [...config.socket.map((socket) => socket.port), config.api.listen!.port]
  assert.deepEqual(instructions('EXPOSE').flat().map(Number), listening)
  assert.equal(config.api.listen!.ip, '0.0.0.0', 'loopback of a container is not reached from outside')
  assert.ok(healthCheck.join().includes(`/dev/tcp/127.0.0.1/${config.api.listen!.port} `))
})

test('its health check says yes while a gateway runs, and no when it is gone, ill or silent', async (t) => {
  const gateway = await startGatewayProcess(t, {})
  const { port } = new URL(gateway.apiUrl)
  assert.equal(await health(port), 0)
  await gateway.stop()
  assert.notEqual(await health(port), 0)
  const ill = createServer((_, response) => response.writeHead(503).end('{}'))
  assert.notEqual(await health(await listening(t, ill)), 0)
  assert.notEqual(await health(await tcpServer(t, () => {})), 0)
})

test('what is left out of the packages are types, maps, manuals, tests and builds for others, and no licence', async (t) => {
  const dir = tempDir(t)
  const kept = [
    'dist/main.js',
    'node_modules/@opentelemetry/api/build/src/index.js',
    'node_modules/one/LICENSE.md',
    'node_modules/one/dist/esm/index.js',
    'node_modules/one/lib/docs.js',
    'node_modules/one/package.json',
    'node_modules/two/licence.md',
  ]
  const left = [
    'dist/main.js.map',
    'node_modules/@opentelemetry/api/build/esm/index.js',
    'node_modules/@opentelemetry/api/build/esnext/index.js',
    'node_modules/one/README.md',
    'node_modules/one/index.d.cts',
    'node_modules/one/index.d.ts',
    'node_modules/one/node_modules/two/test/test.js',
  ]
  for (const path of [...kept, ...left]) {
    mkdirSync(join(dir, dirname(path)), { recursive: true })
    writeFileSync(join(dir, path), '')
  }
  const trim = instructions('RUN').find(([first]) => first === 'find')!
  const { code, stderr } = await runProcess('sh', ['-c', trim.join(' ')], { cwd: dir })
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const found = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  assert.deepEqual(found.map(({ parentPath, name }) => join(parentPath, name).slice(dir.length + 1)).sort(), kept)
})

test('the one place it writes to is a volume of its user', () => {
  assert.deepEqual(instructions('VOLUME'), [['/var/lib/hepgate']])
  assert.ok(fileText('Dockerfile').includes('STATE_DIRECTORY=/var/lib/hepgate'))
  assert.ok(fileText('Dockerfile').includes('install -d -o node -g node -m 0700 /var/lib/hepgate'))
})

test('what the image copies from here exists, and .dockerignore lets it through and nothing more', () => {
  const sources = copied.flatMap((words) => words.slice(0, -1).map(normalize))
  for (const path of sources) assert.ok(existsSync(join(repoRoot, path)), path)
  const rules = fileText('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  assert.equal(rules[0], '*')
  assert.deepEqual(rules.slice(1).sort(), [...new Set(sources)].map((path) => `!${path}`).sort())
})

test('it runs as another user than root, from one image with its whole version in the tag', () => {
  assert.deepEqual(instructions('USER'), [['1000:1000']], 'a number, which Kubernetes can tell from root')
  const images = new Set(instructions('FROM').map(([image]) => image!))
  assert.equal(images.size, 1)
  assert.match([...images][0]!, /^node:\d+\.\d+\.\d+-bookworm-slim$/)
})

test('SIGTERM ends it: the signal that hepgate drains on', () => {
  assert.deepEqual(instructions('STOPSIGNAL'), [['SIGTERM']])
  assert.deepEqual(instructions('ENTRYPOINT'), [['["hepgate"]']], 'a shell before it would not hand signals on')
})

/** The exit code of the health check, asked of another port. */
async function health(port: number | string): Promise<number | null> {
  const [program, ...args] = healthCheck.map((word) => word.replace('/8080 ', `/${port} `)) as [string, ...string[]]
  return (await runProcess(program, args)).code
}
