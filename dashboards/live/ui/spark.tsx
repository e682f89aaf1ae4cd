/** A line of the last minutes, in the size of a word. The number beside it says what it is now. */

const width = 120
const height = 32

export function Spark({ values }: { values: readonly number[] }) {
  if (values.length < 2) return <svg class="spark" viewBox={`0 0 ${width} ${height}`} aria-hidden="true" />
  const line = pathOf(values)
  return (
    <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="spark-area" d={`${line}L${width} ${height}L0 ${height}Z`} />
      <path class="spark-line" d={line} />
    </svg>
  )
}

function pathOf(values: readonly number[]): string {
  const top = Math.max(...values, 1)
  const step = width / (values.length - 1)
  const y = (value: number) => Math.round((height - 2 - (value / top) * (height - 5)) * 10) / 10
  return values.map((value, i) => `${i === 0 ? 'M' : 'L'}${Math.round(i * step * 10) / 10} ${y(value)}`).join('')
}
