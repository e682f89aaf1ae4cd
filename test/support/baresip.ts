/**
 * baresip as a phone: registers, rings, answers by itself, talks (a sine wave; nothing needs a sound card), hangs
 * up. Steered over its control socket; every SIP message it sent and received is known as it was on the wire.
 */
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { peer } from './peers.js'
import { accepts, freePort } from './ports.js'
import { startProcess, type TestProcess } from './process.js'
import type { Scope } from './scope.js'
import { tempDir } from './tmp.js'
import { until } from './wait.js'

export interface PhoneOptions {
  /** user part of its address, and of its digest credentials */
  readonly user: string
  readonly password?: string
  /** where it registers: `example.com` */
  readonly domain: string
  /** where it sends everything: `127.0.0.1:5061` */
  readonly proxy: string
  readonly transport: 'tls' | 'udp'
  /** PEM file with the CA of the proxy */
  readonly ca?: string
  /** RFC 5626: reg-id and the options of outbound. A lost connection is noticed, and renewed after half a minute or more (§4.5) */
  readonly outbound?: boolean
  /** how long a registration lasts */
  readonly expiresSeconds?: number
}

/** One message in its trace. */
export interface PhoneMessage {
  readonly direction: 'sent' | 'received'
  /** the phone's own end of the connection: `127.0.0.1:50123` */
  readonly address: string
  readonly bytes: Buffer
}

interface PhoneEvent {
  readonly event: true
  readonly type: string
  /** Call-ID */
  readonly id?: string
  readonly param?: string
}

interface CommandAnswer {
  readonly event?: undefined
  readonly ok: boolean
  readonly data: string
  readonly token: string
}

/** so much of the other side must be heard before we believe that two phones talk */
const talkSeconds = 0.3

export class Baresip {
  #events: PhoneEvent[] = []
  #answers: CommandAnswer[] = []
  #commands = 0
  #rest: Buffer = Buffer.alloc(0)

  constructor(
    readonly process: TestProcess,
    /** `sip:alice@example.com` */
    readonly uri: string,
    private readonly proxy: string,
    private readonly control: Socket,
  ) {
    control.on('data', (chunk: Buffer) => this.#read(Buffer.concat([this.#rest, chunk])))
    control.on('error', () => {}) // it ended: whoever waits for it says so
  }

  /** answered with 200 */
  get registrations(): number {
    return this.messages().filter(({ bytes }) => /^SIP\/2\.0 200 .*\r\nCSeq: \d+ REGISTER\r\n/s.test(String(bytes)))
      .length
  }

  /** Waits until it has registered more than so many times. */
  async registered(moreThan = 0): Promise<void> {
    await this.#until('to register', () => this.registrations > moreThan)
  }

  /** Calls, and returns the Call-ID when the other side has answered. */
  async dial(uri: string): Promise<string> {
    const before = this.#events.length
    await this.#command('dial', uri)
    const outcome = await this.#until(`to be answered by ${uri}`, () =>
      this.#events.slice(before).find(({ type }) => type === 'CALL_ESTABLISHED' || type === 'CALL_CLOSED'),
    )
    if (outcome.type === 'CALL_CLOSED') throw new Error(`${this.uri} did not reach ${uri}: ${outcome.param}`)
    return outcome.id!
  }

  async hangUp(): Promise<void> {
    await this.#command('hangup')
  }

  /** Waits until this call is established and sound of the other side was played for a while. */
  async hears(callId: string): Promise<void> {
    await this.#event('CALL_ESTABLISHED', callId)
    await this.#event('CALL_RTPESTAB', callId)
    await this.#until('to hear the other side', async () => {
      const received = / rx: .*? time = ([\d.]+) sec/s.exec(await this.#command('audio_debug'))
      return received !== null && Number(received[1]) >= talkSeconds
    })
  }

  async ended(callId: string): Promise<void> {
    await this.#event('CALL_CLOSED', callId)
  }

  /** Every SIP message so far, in its order. */
  messages(): PhoneMessage[] {
    const trace = /\x1b\[36;1m#\n(?:TLS|UDP) (\S+) -> (\S+)\n(.*?)\x1b\[;m/gs
    return [...this.process.output.matchAll(trace)].map(([, from, to, text]) => {
      const sent = to === this.proxy
      return { direction: sent ? 'sent' : 'received', address: sent ? from! : to!, bytes: Buffer.from(text!) }
    })
  }

  async #event(type: string, callId: string): Promise<void> {
    await this.#until(`${type} of ${callId}`, () => this.#events.some((e) => e.type === type && e.id === callId))
  }

  async #command(command: string, params = ''): Promise<string> {
    const token = String(this.#commands++)
    const json = JSON.stringify({ command, params, token })
    this.control.write(`${Buffer.byteLength(json)}:${json},`)
    const answer = await this.#until(`to obey ${command}`, () => this.#answers.find((a) => a.token === token))
    if (!answer.ok) throw new Error(`${this.uri}, told to ${command} ${params}: ${answer.data}`)
    return answer.data
  }

  /** The control socket speaks netstrings: `LENGTH:JSON,`. */
  #read(bytes: Buffer): void {
    let at = 0
    for (let colon = bytes.indexOf(':'); colon > 0; colon = bytes.indexOf(':', at)) {
      const end = colon + 1 + Number(bytes.toString('latin1', at, colon))
      if (end >= bytes.length) break
      const said = JSON.parse(bytes.toString('utf8', colon + 1, end)) as PhoneEvent | CommandAnswer
      if (said.event === true) this.#events.push(said)
      else this.#answers.push(said)
      at = end + 1
    }
    this.#rest = bytes.subarray(at)
  }

  async #until<T>(what: string, probe: () => T | Promise<T>) {
    try {
      return await until(`${this.uri} ${what}`, probe)
    } catch (error) {
      throw new Error(`${(error as Error).message}; its log:\n${this.process.output}`, { cause: error })
    }
  }
}

/** Starts a phone that lives as long as the test and registers at once. */
export async function startBaresip(scope: Scope, options: PhoneOptions): Promise<Baresip> {
  const dir = tempDir(scope)
  const controlPort = await freePort()
  writeFileSync(join(dir, 'config'), `${configuration(controlPort, options.ca).join('\n')}\n`)
  writeFileSync(join(dir, 'accounts'), `${account(options)}\n`)
  const process = startProcess(scope, peer('baresip'), ['-f', dir, '-s'])
  await until('baresip to listen', () => !process.running || accepts(controlPort))
  if (!process.running) throw new Error(`baresip ended at once:\n${process.output}`)
  const control = connect(controlPort, '127.0.0.1')
  scope.after(() => void control.destroy())
  return new Baresip(process, `sip:${options.user}@${options.domain}`, options.proxy, control)
}

/** A whole call: dialled, answered, heard at both ends, ended by one of the two. Returns its Call-ID. */
export async function talk(caller: Baresip, callee: Baresip, endedBy: Baresip, uri = callee.uri): Promise<string> {
  const callId = await caller.dial(uri)
  await Promise.all([caller.hears(callId), callee.hears(callId)])
  await endedBy.hangUp()
  await Promise.all([caller.ended(callId), callee.ended(callId)])
  return callId
}

/** ausine knows nothing but 48 kHz in stereo; a player is needed for sound to be taken from the jitter buffer. */
function configuration(controlPort: number, ca: string | undefined): string[] {
  return [
    'sip_listen 127.0.0.1:0',
    'net_interface 127.0.0.1',
    ...(ca === undefined ? [] : [`sip_cafile ${ca}`]),
    'rtp_ports 10240-32766',
    'audio_source ausine,440',
    'ausrc_srate 48000',
    'ausrc_channels 2',
    'audio_player aubridge,nothing',
    'audio_alert aubridge,nothing',
    `module_path ${dirname(peer('baresip-ausine'))}`,
    ...['g711', 'ausine', 'aubridge'].map((name) => `module ${name}.so`),
    'module_tmp uuid.so',
    'module_tmp account.so',
    'module_app menu.so',
    'module_app ctrl_tcp.so',
    `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
  ]
}

function account({ user, password, domain, proxy, transport, outbound, expiresSeconds = 60 }: PhoneOptions): string {
  return [
    `<sip:${user}@${domain}>`,
    `outbound="sip:${proxy};transport=${transport}"`,
    ...(outbound === true ? ['sipnat=outbound'] : []),
    ...(password === undefined ? [] : [`auth_user=${user}`, `auth_pass=${password}`]),
    `regint=${expiresSeconds}`,
    'answermode=auto',
    'audio_codecs=PCMU/8000/1',
  ].join(';')
}
