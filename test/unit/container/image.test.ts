/** Dockerfile, .dockerignore and config/docker.yaml fit each other and the repository. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../../src/config/load.js'
import { fileText } from '../../support/compose.js'
import { repoRoot } from '../../support/paths.js'
import { runHepgate } from '../../support/terminal.js'

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
  const health = instructions('HEALTHCHECK').flat().join(' ')
  assert.ok(health.includes(`127.0.0.1:${config.api.listen!.port}/healthz`), health)
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
