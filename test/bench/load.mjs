/**
 * The SIP clients of a benchmark, as a process of its own that does what its parent tells it:
 *
 *     {do: 'open', port, connections, recordEach}  TLS connections, each having had one request answered;
 *                                                   recordEach: a TLS record per request, also when eight are written at once
 *     {do: 'pairs', pairs, inFlight, perCall}      request and answer on all of them, until so many were answered
 *     {do: 'close'}                                end them
 *     {do: 'churn', port, connections}             connect, full handshake, one request and answer, close; eight at a time
 *
 * and answers each with one message: `{}` or `{error}`.
 */
import { once } from 'node:events'
import { connect } from 'node:tls'
import { endOfHead, requestBytes, requests, setCallId } from './traffic.mjs'

const churnAtATime = 8
const openAtATime = 32

/** RFC 8446 full handshake on P-256, each time: nothing is kept to resume with. */
const tlsOptions = { host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1.3', ecdhCurve: 'prime256v1' }

let clients = []
let nextCallId = 1

class Client {
  #received = 0
  /** As its first answer; proxies write more or less into its Via, but the same for every answer of a connection. */
  #answerBytes = 0
  #buffer = requests(1)
  #pairsOnCall = 0
  #failure = 'a connection was closed'
  /** called with the number of answers that one read brought */
  onAnswers = () => {}
  onClose = () => {}

  static async open(port, recordEach = false) {
    const socket = connect({ ...tlsOptions, port })
    await once(socket, 'secureConnect')
    socket.setNoDelay(true)
    if (recordEach) socket.setMaxSendFragment(requestBytes)
    return new Client(socket)
  }

  constructor(socket) {
    this.socket = socket
    setCallId(this.#buffer, 1, nextCallId++)
    socket.on('data', (chunk) => {
      this.#received += chunk.length
      if (this.#answerBytes === 0 && !this.#measure(chunk)) return
      const answers = Math.floor(this.#received / this.#answerBytes)
      this.#received -= answers * this.#answerBytes
      if (answers > 0) this.onAnswers(answers)
    })
    socket.on('error', (error) => {
      this.#failure = error.message
    })
    socket.on('close', () => this.onClose(this.#failure))
  }

  /** Writes so many requests at once; `perCall` pairs share a Call-ID, 0: all of them. */
  send(count, perCall) {
    if (this.#buffer.length < count * requestBytes) {
      this.#buffer = requests(count)
      setCallId(this.#buffer, count, nextCallId++)
    }
    this.#pairsOnCall += count
    if (perCall > 0 && this.#pairsOnCall > perCall) {
      // The bytes before may still wait in the socket: never write into them.
      this.#buffer = Buffer.from(this.#buffer)
      setCallId(this.#buffer, this.#buffer.length / requestBytes, nextCallId++)
      this.#pairsOnCall = count
    }
    this.socket.write(this.#buffer.subarray(0, count * requestBytes))
  }

  /** One request and its answer. */
  exchange() {
    return new Promise((resolve, reject) => {
      this.onAnswers = resolve
      this.onClose = (failure) => reject(new Error(failure))
      this.send(1, 0)
    })
  }

  async close() {
    if (this.socket.closed) return
    this.socket.end()
    await once(this.socket, 'close')
  }

  /** Whether the first answer is complete with this chunk. A refusal would be cheap, and measure nothing. */
  #measure(chunk) {
    const text = chunk.latin1Slice()
    if (chunk.length === this.#received && !text.startsWith('SIP/2.0 200')) {
      this.socket.destroy(new Error(text.slice(0, text.indexOf('\r'))))
      return false
    }
    if (!text.endsWith(endOfHead)) return false
    this.#answerBytes = this.#received
    return true
  }
}

const actions = {
  async open({ port, connections, recordEach }) {
    await times(connections, openAtATime, async () => {
      const client = await Client.open(port, recordEach)
      await client.exchange()
      clients.push(client)
    })
  },

  pairs({ pairs, inFlight, perCall }) {
    return new Promise((resolve, reject) => {
      let toSend = pairs
      let toAnswer = pairs
      const send = (client, wanted) => {
        const count = Math.min(wanted, toSend)
        if (count === 0) return
        toSend -= count
        client.send(count, perCall)
      }
      for (const client of clients) {
        client.onClose = (failure) => reject(new Error(failure))
        client.onAnswers = (answers) => {
          toAnswer -= answers
          if (toAnswer === 0) resolve()
          else send(client, answers)
        }
      }
      for (const client of clients) send(client, inFlight)
    })
  },

  async close() {
    const closing = clients
    clients = []
    for (const client of closing) client.onClose = () => {}
    await Promise.all(closing.map((client) => client.close()))
  },

  async churn({ port, connections }) {
    await times(connections, churnAtATime, async () => {
      const client = await Client.open(port)
      await client.exchange()
      client.onClose = () => {}
      await client.close()
    })
  },
}

/** Does `work` so many times, a few at once. */
async function times(count, atATime, work) {
  let left = count
  const worker = async () => {
    while (left-- > 0) await work()
  }
  await Promise.all(Array.from({ length: atATime }, worker))
}

process.on('disconnect', () => process.exit())
process.on('message', async (order) => {
  try {
    await actions[order.do](order)
    process.send({})
  } catch (error) {
    process.send({ error: `${order.do}: ${error.message}` })
  }
})
