/** A capture that is under way, in every view: of what, how much there is, for how long still, and its end. */
import { runningCapture, stopCapture } from '../state/capture.js'
import { now } from '../state/clock.js'
import { Button } from './button.js'
import { bytes, countdown, spelled } from './format.js'

export function CaptureBanner() {
  const running = runningCapture.value
  if (running === undefined) return null
  const { search, bytes: size, until } = running
  return (
    <section class="banner capture-banner on" aria-label="Capture">
      <span class="rec" aria-hidden="true" />
      <p>
        <b>Capturing</b> {search.trim() === '' ? 'all that is traced' : <code>{spelled(search)}</code>}
        <span class="muted">
          {' · '}
          {bytes(size)}
          {until !== undefined && ` · ${countdown(until - now.value)} left`}
        </span>
      </p>
      <Button small onClick={stopHere}>
        Stop and save
      </Button>
    </section>
  )
}

/** The button goes with the banner, and the focus must not go with the button. */
function stopHere(): void {
  stopCapture()
  document.getElementById('main')?.focus()
}
