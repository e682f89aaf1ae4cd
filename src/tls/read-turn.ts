/**
 * Numbers the turns of the event loop. TLS hands out one socket read in pieces of at most 16 kB (a
 * record each), all in the same turn: what arrives in one turn counts as one read of the socket.
 */
let turn = 0
let scheduled = false

export function readTurn(): number {
  if (!scheduled) {
    scheduled = true
    setImmediate(nextTurn)
  }
  return turn
}

function nextTurn(): void {
  turn++
  scheduled = false
}
