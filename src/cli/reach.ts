/**
 * One request to a server that answers in JSON, and in words that help why there was no answer. Follows no redirect, which
 * would take credentials elsewhere. Whatever the server does, it ends in time, and holds no more of an answer than is good.
 *
 * Not by fetch: in Node.js 20 that neither ends nor keeps the process alive where a server accepts and closes, and hears
 * no signal any more once the head of the answer is there.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { durationText } from '../base/duration.js'
import { UsageError } from '../base/errors.js'
import { oneLine } from './one-line.js'

export interface Question {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** goes as JSON */
  readonly body?: object | undefined
}

export interface Answer {
  readonly status: number
  /** undefined: it is no JSON */
  readonly body: unknown
}

const answerTimeoutMs = 10_000
/** All mappings of a Homer are some 100 kB; what our API answers to commands is less. */
const maxAnswerBytes = 16 * 1024 * 1024
/** A certificate has room for thousands of names, and the error that ours is not among them lists them. */
const maxReasonChars = 300
/** Node.js reads the variable when it starts, so no option of ours could stand for it. */
const untrustedAdvice = 'NODE_EXTRA_CA_CERTS=FILE names a CA to trust'

/**
 * `url`: of serverUrl; `advice`: what to look at where nothing answers; `withinMs`: until the end of the answer.
 * Throws Error.
 */
export async function reach(
  url: string,
  question: Question,
  advice: string,
  withinMs: number = answerTimeoutMs,
): Promise<Answer> {
  const overdue = new AbortController()
  const timer = setTimeout(() => overdue.abort(), withinMs)
  try {
    const response = await ask(url, question, overdue.signal)
    return { status: response.statusCode ?? 0, body: parsed(await textOf(response)) }
  } catch (thrown) {
    const error = overdue.signal.aborted ? new Error(`none within ${durationText(withinMs)}`) : (thrown as Error)
    if (isUntrusted(error)) throw new Error(`${url}: ${reasonOf(error)}; ${untrustedAdvice}`)
    throw new Error(`no answer from ${url} (${reasonOf(error)}); ${advice}`)
  } finally {
    clearTimeout(timer)
  }
}

/** What `--url` says, so that a path can follow. Throws UsageError. */
export function serverUrl(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new UsageError(`--url ${url} is not a URL`)
  const { origin, pathname, username, password, search, hash } = new URL(url)
  if (username + password + search + hash !== '') throw new UsageError('--url takes scheme, host, port and path alone')
  return (origin + pathname).replace(/\/+$/, '')
}

async function ask(url: string, question: Question, signal: AbortSignal): Promise<IncomingMessage> {
  const { method, path, headers, body } = question
  const request = url.startsWith('https:') ? httpsRequest : httpRequest
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  // A connection for each: one that was kept may have ended while somebody thought about our question.
  const sent = request(url + path, { method, headers: { ...headers, ...json }, agent: false, signal })
  const answered = responseTo(sent)
  sent.end(body && JSON.stringify(body))
  const response = await answered
  const { statusCode = 0, headers: said } = response
  if (!redirects.has(statusCode)) return response
  sent.destroy()
  throw new Error(`it redirects to ${said.location ?? 'nowhere'}`)
}

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** One that ends without either, such as by an upgrade nobody asked for, has said all it will. */
function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
    request.once('close', () => reject(new Error(closedReason)))
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxAnswerBytes) throw new Error(`one of more than ${maxAnswerBytes / 1024 / 1024} MB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const closedReason = 'it closed the connection'

/** What Node.js and OpenSSL say is for programmers, and may repeat what a server said. */
function reasonOf(error: Error): string {
  const code = codeOf(error)
  if (code === 'ECONNRESET') return closedReason
  if (code.startsWith('HPE_')) return 'it does not speak HTTP'
  const [, verdict] = /:SSL routines:[^:]*:([^:]+)/.exec(error.message) ?? []
  if (verdict === 'wrong version number') return 'it does not speak TLS'
  return oneLine((verdict ?? (error.message || code)).slice(0, maxReasonChars))
}

/** OpenSSL's verdicts on a certificate, as Node names them. */
function isUntrusted(error: Error): boolean {
  return /^(?:UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/.test(codeOf(error))
}

function codeOf(error: Error): string {
  return String((error as NodeJS.ErrnoException).code)
}
