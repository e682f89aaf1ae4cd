/** What to trace and for how long. Problems stand at the field they are about; nothing is asked twice. */
import { useState } from 'preact/hooks'
import { parseDuration } from '../../../../src/base/duration.js'
import { ApiError } from '../../net/api.js'
import { toastError } from '../../state/toasts.js'
import { Button } from '../../ui/button.js'
import { DurationPicker, TextField, Toggle } from '../../ui/field.js'
import { count, duration, plural } from '../../ui/format.js'
import { Status } from '../../ui/status.js'
import { type Trial, useDryRun } from './dry-run.js'
import { type FieldErrors, fieldErrors, scopeFields, scopeOf } from './scope.js'
import type { Wanted } from './switch-change.js'

interface SwitchFormProps {
  readonly on: boolean
  readonly wanted: Wanted
  /** it differs from how the switch is */
  readonly touched: boolean
  readonly onEdit: (wanted: Wanted | undefined) => void
  readonly change: (to: Wanted) => Promise<void>
}

export function SwitchForm({ on, wanted, touched, onEdit, change }: SwitchFormProps) {
  const [refused, setRefused] = useState<FieldErrors>({})
  const [busy, setBusy] = useState(false)
  const trial = useDryRun({ scope: scopeOf(wanted.scope) })
  const tried = trial.state === 'refused' ? fieldErrors(trial.errors, wanted.scope) : {}
  const errors = { ...tried, ...refused }
  const edit = (part: Partial<Wanted>) => {
    setRefused({})
    onEdit({ ...wanted, ...part })
  }
  const submit = async () => {
    setBusy(true)
    await change(wanted).catch((error: unknown) => {
      const found = error instanceof ApiError ? fieldErrors(error.errors, wanted.scope) : {}
      setRefused(found)
      if (Object.keys(found).length === 0) toastError('The switch stays as it is', error)
    })
    setBusy(false)
  }
  return (
    <form
      class="switch-form"
      onSubmit={(event) => {
        event.preventDefault()
        void submit()
      }}
    >
      <section aria-labelledby="trace-for">
        <h3 id="trace-for">For how long</h3>
        <DurationPicker
          label="For how long"
          endless
          value={wanted.for}
          error={errors.for}
          onChange={(length) => edit({ for: length })}
        />
        {wanted.for === undefined && (
          <p class="switch-risk">
            <Status tone="warning">
              Risky: it goes on until somebody remembers to switch it off, and copies everybody's signalling meanwhile.
            </Status>
          </p>
        )}
      </section>
      <section aria-labelledby="trace-scope">
        <h3 id="trace-scope">
          Narrowed to <small class="muted">all that is filled in has to hold</small>
        </h3>
        <div class="scope-fields">
          {scopeFields.map(({ name, label, example }) => (
            <TextField
              key={name}
              label={label}
              code
              value={wanted.scope[name]}
              placeholder={example}
              error={errors[name]}
              onInput={(value) => edit({ scope: { ...wanted.scope, [name]: value } })}
            />
          ))}
        </div>
      </section>
      <Toggle
        label="Connections that are open already, too"
        hint={existingHint(wanted.scope)}
        checked={wanted.existing}
        onChange={(existing) => edit({ existing })}
      />
      <div class="switch-do">
        <Button type="submit" tone="primary" disabled={busy}>
          {on ? 'Apply' : 'Start tracing'}
          {lengthOf(wanted)}
        </Button>
        {touched && (
          <Button tone="quiet" onClick={() => onEdit(undefined)}>
            Undo changes
          </Button>
        )}
        <Reach trial={trial} existing={wanted.existing} />
      </div>
    </form>
  )
}

function existingHint({ user, call_id }: Wanted['scope']): string {
  const without = 'Phones stay connected for hours: without this, only those that connect from now on are traced.'
  const isOfMessages = user.trim() !== '' || call_id.trim() !== ''
  return isOfMessages ? `${without} Each begins with its first message that fits what is filled in.` : without
}

/** Behind the word on the button; nothing while no length can be read from what was typed. */
function lengthOf({ for: text }: Wanted): string {
  if (text === undefined) return ', without end'
  const ms = parseDuration(text)
  return ms === undefined ? '' : ` for ${duration(ms)}`
}

/** How many it would be, by those that are open now. */
function Reach({ trial, existing }: { trial: Trial; existing: boolean }) {
  if (trial.state !== 'known') return null
  const { traced, total } = trial.run
  return (
    <p class="muted" aria-live="polite">
      {existing ? 'Takes in' : 'Fits'} {count(traced)} of {plural(total, 'open connection')}
      {existing ? '.' : ', but begins with new ones.'}
    </p>
  )
}
