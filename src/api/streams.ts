/**
 * The answers that go on for as long as their reader likes: event streams and captures. Knows whose each of them is, so
 * that nobody has more than a share of the places, and ends those whose caller may no longer have them.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { plainIp } from '../base/address.js'
import type { Caller, StreamKind } from './caller.js'
import { noRoom } from './errors.js'
import { Shares } from './shares.js'

const names: Readonly<Record<StreamKind, string>> = { events: 'event streams', capture: 'captures' }

/** Of the 16 that live/ makes at a time: half, too. */
const capturesOfOne = 8

export interface StreamsOptions {
  /** event streams at the same time, of all together */
  readonly viewers: number
  /** Who is counted as one. */
  readonly peerKey: (ip: string) => string
}

interface Stream {
  readonly caller: Caller
  readonly end: () => void
}

export class Streams {
  readonly #open = new Set<Stream>()
  readonly #shares: Readonly<Record<StreamKind, Shares>>
  readonly #peerKey: (ip: string) => string

  constructor({ viewers, peerKey }: StreamsOptions) {
    // Half: a team behind one proxy or with one token has one share.
    this.#shares = { events: new Shares(Math.max(1, Math.ceil(viewers / 2))), capture: new Shares(capturesOfOne) }
    this.#peerKey = peerKey
  }

  /** Until its connection is closed or its answer is complete. Throws the 503 where the share is used up. */
  enter(kind: StreamKind, { caller, ip }: FastifyRequest, reply: FastifyReply): void {
    const owners = [`address ${this.#peerKey(plainIp(ip))}`]
    if (caller.digest !== undefined) owners.push(`token ${caller.digest}`)
    const shares = this.#shares[kind]
    const short = shares.take(owners)
    if (short !== undefined) {
      const whose = short === owners[0] ? 'from one address' : 'with one token'
      throw noRoom(reply, `no more than ${shares.most} ${names[kind]} ${whose} may be open at a time`)
    }
    const stream = { caller, end: () => reply.raw.destroy() }
    this.#open.add(stream)
    reply.raw.once('close', () => {
      this.#open.delete(stream)
      shares.release(owners)
    })
  }

  /** Cuts what `mayGoOn` says no of, and what waits to be sent with it; says how many those were. */
  endUnless(mayGoOn: (caller: Caller) => boolean): number {
    const ended = [...this.#open].filter(({ caller }) => !mayGoOn(caller))
    for (const stream of ended) stream.end()
    return ended.length
  }
}
