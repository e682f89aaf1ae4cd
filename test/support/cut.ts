/** Cuts a stream into pieces for tests of readers that must not care. */
export function cutAt(stream: Buffer, positions: readonly number[]): Buffer[] {
  const cuts = [...new Set(positions.filter((at) => at > 0 && at < stream.length))].sort((a, b) => a - b)
  return [0, ...cuts].map((start, index) => stream.subarray(start, cuts[index] ?? stream.length))
}
