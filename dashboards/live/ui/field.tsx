/** Things to type into and choose from, each with its label, hint and error tied to it for a screen reader. */
import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'

interface Labelled {
  readonly label: string
  readonly hint?: string | undefined
  /** what is wrong with the value, a sentence */
  readonly error?: string | undefined
  /** the label is only read out */
  readonly hideLabel?: boolean
}

function Labelling(props: Labelled & { id: string; children: ComponentChildren }) {
  const { id, label, hint, error, hideLabel, children } = props
  return (
    <div class="field">
      <label for={id} class={hideLabel ? 'sr-only' : undefined}>
        {label}
      </label>
      {children}
      {hint !== undefined && error === undefined && (
        <p class="field-hint" id={`${id}-note`}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p class="field-error" id={`${id}-note`} role="alert">
          {error}
        </p>
      )}
    </div>
  )
}

export interface TextFieldProps extends Labelled {
  readonly value: string
  readonly onInput: (value: string) => void
  readonly placeholder?: string
  readonly type?: 'text' | 'password'
  readonly autofocus?: boolean
  /** in characters */
  readonly maxLength?: number
  /** monospaced: addresses, ids, code */
  readonly code?: boolean
}

export function TextField(props: TextFieldProps) {
  const { value, onInput, placeholder, type = 'text', autofocus, maxLength, code, hint, error } = props
  const id = useId()
  return (
    <Labelling {...props} id={id}>
      <input
        id={id}
        class={`input${code ? ' code' : ''}`}
        // the types of preact want each kind of input spelled out
        type={type as 'text'}
        value={value}
        placeholder={placeholder}
        autofocus={autofocus}
        maxLength={maxLength}
        autocomplete="off"
        spellcheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={hint !== undefined || error !== undefined ? `${id}-note` : undefined}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </Labelling>
  )
}

export interface Option<V extends string = string> {
  readonly value: V
  readonly label: string
}

export interface ChoiceProps<V extends string> extends Labelled {
  readonly value: V
  readonly options: readonly Option<V>[]
  readonly onChange: (value: V) => void
}

export function Select<V extends string>(props: ChoiceProps<V>) {
  const { value, options, onChange } = props
  const id = useId()
  return (
    <Labelling {...props} id={id}>
      <select id={id} class="input" value={value} onChange={(event) => onChange(event.currentTarget.value as V)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Labelling>
  )
}

/** A few choices side by side, one of them taken. */
export function Segments<V extends string>({ label, value, options, onChange }: ChoiceProps<V>) {
  const name = useId()
  return (
    <fieldset class="segments">
      <legend class="sr-only">{label}</legend>
      {options.map((option) => (
        <label key={option.value} class="segment">
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  )
}

export function Toggle(props: {
  label: string
  hint?: string
  checked: boolean
  disabled?: boolean
  onChange: (on: boolean) => void
}) {
  const { label, hint, checked, disabled, onChange } = props
  const id = useId()
  const toggle = (
    <label class="toggle">
      <input
        type="checkbox"
        role="switch"
        aria-checked={checked}
        checked={checked}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : `${id}-note`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span class="toggle-track" aria-hidden="true" />
      <span>{label}</span>
    </label>
  )
  if (hint === undefined) return toggle
  return (
    <div class="field">
      {toggle}
      <p class="field-hint" id={`${id}-note`}>
        {hint}
      </p>
    </div>
  )
}

const durations = ['5m', '10m', '30m', '1h'] as const
const durationNames: Readonly<Record<string, string>> = { '5m': '5 min', '10m': '10 min', '30m': '30 min', '1h': '1 h' }

/** For how long: `10m`, as the API takes it. undefined: until it is switched off, if `endless` allows that. */
export function DurationPicker(props: {
  label: string
  value: string | undefined
  endless?: boolean
  error?: string | undefined
  onChange: (value: string | undefined) => void
}) {
  const { label, value, endless, error, onChange } = props
  const [own, setOwn] = useState(value !== undefined && !isOffered(value))
  const options: Option[] = [
    ...durations.map((one) => ({ value: one, label: durationNames[one]! })),
    { value: 'own', label: 'Other' },
    ...(endless ? [{ value: 'endless', label: 'No end' }] : []),
  ]
  const choose = (chosen: string) => {
    setOwn(chosen === 'own')
    if (chosen !== 'own') onChange(chosen === 'endless' ? undefined : chosen)
  }
  return (
    <div class="duration">
      <Segments label={label} value={own ? 'own' : (value ?? 'endless')} options={options} onChange={choose} />
      {own && (
        <TextField
          label="How long"
          hideLabel
          code
          value={value ?? ''}
          placeholder="1h30m"
          error={error}
          onInput={(text) => onChange(text)}
        />
      )}
    </div>
  )
}

function isOffered(value: string): boolean {
  return durations.some((one) => one === value)
}
