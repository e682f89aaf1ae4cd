/** The heap of this process after everything that can be collected has been. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes in use, JavaScript objects and the buffers behind them. */
export async function usedHeap(): Promise<number> {
  // what is freed in one round may free more: sockets close, weak references clear
  for (let round = 0; round < 4; round++) {
    collect()
    await new Promise((turn) => setImmediate(turn))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
