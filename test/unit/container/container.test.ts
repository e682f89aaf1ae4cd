/** Dockerfile, docker-compose.yml, .dockerignore and config/docker.yaml fit each other and the repository. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { loadConfig } from '../../../src/config/load.js'
import { repoRoot } from '../../support/paths.js'
import { runHepgate } from '../../support/terminal.js'

interface Compose {
  readonly services: {
    readonly hepgate: {
      readonly build: string
      readonly environment: Readonly<Record<string, string>>
      readonly ports: readonly string[]
      readonly volumes: readonly string[]
      readonly read_only: boolean
      readonly stop_grace_period: string
    }
  }
  readonly volumes: Readonly<Record<string, unknown>>
}

const file = (path: string) => readFileSync(join(repoRoot, path), 'utf8')
const compose = parse(file('docker-compose.yml')) as Compose
const service = compose.services.hepgate
/** instruction and the words behind it; a line that ends in a backslash goes on */
const dockerfile = file('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => line.split(' ') as [string, ...string[]])
const instructions = (name: string) => dockerfile.filter(([first]) => first === name).map(([, ...words]) => words)
const mounts = service.volumes.map((volume) => volume.split(':') as [source: string, target: string, mode?: string])
const port = (published: string) => Number(published.split(':').at(-1))

/** A path of the container, of the configuration that the image runs, as the mounts give it. */
function onHost(inContainer: string): string {
  const [source, target] = mounts.find(([, target]) => inContainer.startsWith(`${target}/`))!
  return normalize(join(repoRoot, source, inContainer.slice(target.length)))
}

const command = JSON.parse(instructions('CMD').at(-1)!.join(' ')) as string[]
const configFile = onHost(command[command.indexOf('--config') + 1]!)

process.env.HEPGATE_TOKEN = 'for this test only'

test('what docker-compose.yml mounts exists, or is a volume it declares', () => {
  assert.ok(mounts.length > 0)
  for (const [source] of mounts) {
    if (source.startsWith('.')) assert.ok(existsSync(join(repoRoot, source)), source)
    else assert.ok(source in compose.volumes, source)
  }
})

test('the configuration it runs is mounted for reading, passes check without a warning, and needs nothing else', async () => {
  assert.equal(configFile, join(repoRoot, 'config/docker.yaml'))
  assert.equal(mounts.find(([source]) => source === './config')?.[2], 'ro')
  const { code, stderr } = await runHepgate('check', '--config', configFile)
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const wanted = [...file('config/docker.yaml').matchAll(/env:(\w+)/g)].map(([, name]) => name)
  assert.deepEqual(Object.keys(service.environment), wanted)
})

test('every port it publishes is one that the configuration listens on, and that the image exposes', () => {
  const config = loadConfig(configFile)
  const listening = [...config.socket.map((socket) => socket.port), config.api.listen!.port]
  assert.deepEqual(service.ports.map(port), listening)
  assert.deepEqual(instructions('EXPOSE').flat().map(Number), listening)
  assert.equal(config.api.listen!.ip, '0.0.0.0', 'loopback of a container is not reached from outside')
  assert.ok(service.ports.includes('127.0.0.1:8080:8080'), 'the API is published on this machine only')
  assert.match(
    instructions('HEALTHCHECK').flat().join(' '),
    new RegExp(`127\\.0\\.0\\.1:${config.api.listen!.port}/healthz`),
  )
})

test('the file system is read-only but for the state, and a stop has the time it may take', () => {
  const [volume] = instructions('VOLUME').flat()
  assert.equal(service.read_only, true)
  assert.ok(mounts.some(([, target]) => target === volume))
  assert.ok(file('Dockerfile').includes(`STATE_DIRECTORY=${volume}`))
  const { limits, proto_hep } = loadConfig(configFile)
  const graceMs = Number.parseInt(service.stop_grace_period, 10) * 1000
  assert.ok(graceMs > limits.drain_timeout + proto_hep.hep_flush_timeout)
})

test('what the image copies from here exists, and .dockerignore lets it through and nothing more', () => {
  const copied = instructions('COPY')
    .filter(([first]) => !first!.startsWith('--from='))
    .flatMap((words) => words.slice(0, -1).map(normalize))
  for (const path of copied) assert.ok(existsSync(join(repoRoot, path)), path)
  const rules = file('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  assert.equal(rules[0], '*')
  assert.deepEqual(rules.slice(1).sort(), [...new Set(copied)].map((path) => `!${path}`).sort())
})

test('it runs as another user than root, from an image with a version in its tag', () => {
  assert.deepEqual(instructions('USER'), [['node']])
  const images = instructions('FROM').map(([image]) => image!)
  assert.deepEqual(
    images,
    Array.from(images, () => 'node:22-bookworm-slim'),
  )
})
