/** What test helpers clean up with: a test's context, or a suite's. */
import { after } from 'node:test'

export interface Scope {
  after(fn: () => Promise<void> | void): void
}

/**
 * For things that a `before` hook starts for a whole suite; to be made in the body of the suite. (What
 * `after` is given inside a hook runs when that hook ends: Node 20.)
 */
export function suiteScope(): Scope {
  const cleanups: (() => Promise<void> | void)[] = []
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup()
  })
  return {
    after(fn) {
      cleanups.push(fn)
    },
  }
}

/** What was started last ends first: a program whose server is gone would wait for it. node:test ends the first first. */
export function lastFirst(scope: Scope): Scope {
  const ends: Parameters<Scope['after']>[0][] = []
  scope.after(async () => {
    for (const end of ends.reverse()) await end()
  })
  return { after: (end) => ends.push(end) }
}

/** For what dies before its test does: `end` ends it as the end of the test would. */
export function mortal(scope: Scope): Scope & { end(): Promise<void> } {
  const ends: Parameters<Scope['after']>[0][] = []
  const end = async (): Promise<void> => {
    for (const one of ends.splice(0).reverse()) await one()
  }
  scope.after(end)
  return { after: (fn) => ends.push(fn), end }
}
