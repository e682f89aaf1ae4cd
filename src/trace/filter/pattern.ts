/**
 * The patterns of `=~`: extended regular expressions without regard to case, as OpenSIPS compiles them. They run in
 * time proportional to the text whatever the pattern, because all ways to match advance together (Thompson, 1968);
 * a backtracking engine could be held up for minutes by a certificate that somebody made for the purpose.
 * No captures, back-references or look-around: none of them can be had in that time.
 */
import { type CharacterSet, has } from './characters.js'
import { PatternError, type PatternNode, parsePattern } from './pattern-parser.js'

export interface Pattern {
  matches(text: string): boolean
  /** an upper bound for the steps `matches` takes */
  cost(text: string): number
}

/** The pattern, or a sentence saying why it is none. */
export function compilePattern(source: string): Pattern | string {
  try {
    const program = new Program()
    program.add(parsePattern(source))
    return new Machine(program)
  } catch (error) {
    if (error instanceof PatternError) return error.message
    throw error
  }
}

/** `{n,m}` multiplies; what is larger than this is a slip. */
const maxInstructions = 1000

type Instruction =
  | { readonly kind: 'take'; readonly set: CharacterSet }
  | { readonly kind: 'begin' | 'end' }
  /** goes on at both places */
  | { readonly kind: 'fork'; readonly targets: number[] }

/** An instruction is followed by the next one; the place behind the last one is the match. */
class Program {
  readonly instructions: Instruction[] = []

  add(node: PatternNode): void {
    switch (node.kind) {
      case 'set':
        this.#emit({ kind: 'take', set: node.set })
        return
      case 'begin':
      case 'end':
        this.#emit({ kind: node.kind })
        return
      case 'sequence':
        for (const item of node.items) this.add(item)
        return
      case 'choice':
        this.#choice(node.items)
        return
      case 'repeat':
        this.#repeat(node)
    }
  }

  #choice(items: readonly PatternNode[]): void {
    const fork = this.#fork()
    const ends: number[][] = []
    for (const item of items) {
      fork.push(this.instructions.length)
      this.add(item)
      ends.push(this.#fork())
    }
    for (const end of ends) end.push(this.instructions.length)
  }

  #repeat({ node, min, max }: { node: PatternNode; min: number; max: number | undefined }): void {
    const before = this.instructions.length
    for (let i = 0; i < min; i++) {
      this.add(node)
      // Nothing, however often, is nothing: `(){999}` nested would count for ever.
      if (this.instructions.length === before) return
    }
    if (max === undefined) {
      const start = this.instructions.length
      const into = this.#fork()
      into.push(this.instructions.length)
      this.add(node)
      this.#fork().push(start)
      into.push(this.instructions.length)
      return
    }
    const skips: number[][] = []
    for (let i = min; i < max; i++) {
      const skip = this.#fork()
      skip.push(this.instructions.length)
      skips.push(skip)
      this.add(node)
    }
    for (const skip of skips) skip.push(this.instructions.length)
  }

  #fork(): number[] {
    const targets: number[] = []
    this.#emit({ kind: 'fork', targets })
    return targets
  }

  #emit(instruction: Instruction): void {
    if (this.instructions.length === maxInstructions) throw new PatternError('it is too large')
    this.instructions.push(instruction)
  }
}

class Machine implements Pattern {
  readonly #instructions: readonly Instruction[]

  constructor(program: Program) {
    this.#instructions = program.instructions
  }

  cost(text: string): number {
    return (this.#instructions.length + 1) * (text.length + 1)
  }

  matches(text: string): boolean {
    const match = this.#instructions.length
    /** the last position + 1 at which each place was reached */
    const reachedAt = new Int32Array(match + 1)
    let places: number[] = []
    for (let at = 0; at <= text.length; at++) {
      places.push(0) // a match may begin anywhere
      const code = text.charCodeAt(at)
      const next: number[] = []
      while (places.length > 0) {
        const place = places.pop()!
        if (place === match) return true
        if (reachedAt[place] === at + 1) continue
        reachedAt[place] = at + 1
        const instruction = this.#instructions[place]!
        switch (instruction.kind) {
          case 'take':
            if (at < text.length && has(instruction.set, code)) next.push(place + 1)
            break
          case 'begin':
            if (at === 0) places.push(place + 1)
            break
          case 'end':
            if (at === text.length) places.push(place + 1)
            break
          case 'fork':
            places.push(...instruction.targets)
        }
      }
      places = next
    }
    return false
  }
}
