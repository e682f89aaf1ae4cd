/**
 * Says once, to a screen reader alone, what came of a search. The number on the page goes on ticking, and nobody wants
 * to hear that.
 */
import { useEffect, useState } from 'preact/hooks'

/** `text` is read out as it is when there is one, and again only after there was none: undefined while it is not known. */
export function Announced({ text }: { text: string | undefined }) {
  const [said, setSaid] = useState('')
  useEffect(() => setSaid(text ?? ''), [text === undefined])
  return (
    <p role="status" class="sr-only">
      {said}
    </p>
  )
}
