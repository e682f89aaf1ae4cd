/**
 * What the phones do all day: one calls another every few seconds, with every ending there is in turn, and now and then
 * a phone loses its network or is switched off.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { DemoPhone } from './phone.js'
import type { CallPlan } from './user-agent.js'

interface Turn {
  /** index of who is called, a number outside, or a name that nobody has */
  readonly target: 'anybody' | 'busy' | 'declining' | 'absent' | 'outside' | 'nobody'
  readonly plan: CallPlan
}

/** Callees with a habit of their own have these places among the phones (people.ts). */
const places = { busy: 5, declining: 7, absent: 9 } as const

const turns: readonly Turn[] = [
  { target: 'anybody', plan: { talkMs: 8000 } },
  { target: 'outside', plan: { talkMs: 9000 } },
  { target: 'busy', plan: { talkMs: 0 } },
  { target: 'anybody', plan: { talkMs: 7000, ackAfterMs: 1700 } },
  { target: 'anybody', plan: { talkMs: 15_000 } },
  { target: 'absent', plan: { talkMs: 0, cancelAfterMs: 2500 } },
  { target: 'outside', plan: { talkMs: 20_000 } },
  { target: 'nobody', plan: { talkMs: 0 } },
  { target: 'anybody', plan: { talkMs: 5000 } },
  { target: 'declining', plan: { talkMs: 0 } },
]

/** Somebody loses the network or is switched off, each time so much later; every fourth may be in a call. */
const lossMs = 9000
const lossesToOneInCall = 4

/** Rejects when the demo is over. */
export async function makeCalls(phones: readonly DemoPhone[], perMinute: number, over: AbortSignal): Promise<void> {
  for (let turn = 0; ; turn++) {
    await delay(60_000 / perMinute, undefined, { signal: over })
    const { target, plan } = turns[turn % turns.length]!
    // Not from a phone of which the call would say something about its habit.
    const free = phones.filter((phone, index) => phone.free && !Object.values<number>(places).includes(index % 12))
    const caller = free[(turn * 5) % Math.max(1, free.length)]
    const callee = caller && calleeOf(target, phones, free, caller, turn)
    if (callee === undefined) continue
    void caller?.agent?.call(callee, plan).catch(() => {}) // somebody's connection went: that is a call too
  }
}

/** Rejects when the demo is over. */
export async function losePhones(phones: readonly DemoPhone[], over: AbortSignal): Promise<void> {
  for (let turn = 0; ; turn++) {
    await delay(lossMs, undefined, { signal: over })
    const candidates = turn % lossesToOneInCall === 1 ? phones : phones.filter(({ free }) => free)
    const phone = candidates[(turn * 3 + 2) % Math.max(1, candidates.length)]
    if (turn % 2 === 0) phone?.leave()
    else phone?.vanish()
  }
}

function calleeOf(
  target: Turn['target'],
  phones: readonly DemoPhone[],
  free: readonly DemoPhone[],
  caller: DemoPhone,
  turn: number,
): string | undefined {
  switch (target) {
    case 'outside':
      return `sip:+49305550${100 + (turn % 900)}@example.com`
    case 'nobody':
      return 'sip:reception@example.com'
    case 'anybody': {
      const others = free.filter((phone) => phone !== caller)
      return others[(turn * 7 + 3) % Math.max(1, others.length)]?.uri
    }
    default:
      return phones[places[target]]?.uri ?? 'sip:reception@example.com'
  }
}
