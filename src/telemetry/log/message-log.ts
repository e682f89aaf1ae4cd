/**
 * The log of messages, component sip: one line for each SIP message on each leg, at debug. At any other level it is
 * not even subscribed, and costs nothing. It writes neither bodies nor who calls whom.
 */
import { endpointText } from '../../base/address.js'
import { channels, type MessageSeen } from '../../base/channels.js'
import { connectionFields, type Logs } from '../../base/log.js'
import type { Observers } from '../../base/observers.js'
import { SipMessage } from '../../sip/message.js'

/** A Call-ID or a method is as long as its sender likes; lines are not. */
const maxTextBytes = 255

const sentences = { in: 'message received', out: 'message sent' } as const

// read anew for each message
const index = new SipMessage()

export class MessageLog {
  readonly #logs: Logs
  readonly #observers: Observers
  #unsubscribe: (() => void) | undefined

  constructor(logs: Logs, observers: Observers) {
    this.#logs = logs
    this.#observers = observers
    this.refresh()
  }

  /** To be called when the level of sip has changed. */
  refresh(): void {
    if (this.#logs.level('sip') !== 'debug') {
      this.stop()
    } else {
      this.#unsubscribe ??= this.#observers.observe(channels.message, (message) => this.#see(message))
    }
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }

  #see(message: MessageSeen): void {
    this.#logs.of('sip').debug(messageFields(message), sentences[message.direction])
  }
}

function messageFields({ facts, buf, start, end, callIdStart, callIdEnd, heldMs }: MessageSeen): object {
  index.read(buf, start, end, end)
  const { isRequest, method, status } = index
  // Twenty times as fast as to spread one object into the other (V8 11: 0.2 µs).
  return Object.assign(connectionFields(facts), {
    transport: facts.transport,
    peer: endpointText(facts.peer),
    status: isRequest ? undefined : status,
    method: (isRequest ? method : index.cseqMethod()).slice(0, maxTextBytes),
    call_id: buf.toString('utf8', callIdStart, Math.min(callIdEnd, callIdStart + maxTextBytes)),
    bytes: end - start,
    held_ms: heldMs === undefined ? undefined : Math.round(heldMs * 1000) / 1000,
  })
}
