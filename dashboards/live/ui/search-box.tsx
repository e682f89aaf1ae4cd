/** One line of search words, with the names that may stand before a colon offered while one is typed. `/` focuses it. */
// biome-ignore-all lint/a11y/useFocusableInteractive: the input keeps the focus and names the option (aria-activedescendant)
// biome-ignore-all lint/a11y/noNoninteractiveElementToInteractiveRole: a list of options is a list
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { SearchField } from '../../../src/base/live.js'
import { Icon } from './icon.js'

/** typing comes to rest before the gateway is asked */
const restMs = 250

export interface SearchBoxProps {
  readonly label: string
  readonly value: string
  readonly placeholder?: string
  readonly fields: readonly SearchField[]
  /** what the gateway said is wrong with it */
  readonly error?: string | undefined
  readonly onChange: (value: string) => void
}

export function SearchBox({ label, value, placeholder, fields, error, onChange }: SearchBoxProps) {
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(value)
  const [open, setOpen] = useState(false)
  const [active, setActive] = useState(-1)
  const offers = open ? offersFor(text, fields) : []

  // the address changed under us: a link, or the way back
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => onChange(text), restMs)
    return () => clearTimeout(timer)
  }, [text])

  const take = (name: string) => {
    setText(text.replace(/\S*$/, (word) => `${word.startsWith('-') ? '-' : ''}${name}:`))
    setActive(-1)
    input.current?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' && offers.length > 0) setActive((active + 1) % offers.length)
    else if (event.key === 'ArrowUp' && offers.length > 0) setActive((active + offers.length - 1) % offers.length)
    else if (event.key === 'Enter' && offers[active] !== undefined) take(offers[active].name)
    else if (event.key === 'Enter') onChange(text)
    else if (event.key === 'Escape' && offers.length > 0) setOpen(false)
    else return
    event.preventDefault()
  }

  return (
    <div class="search">
      <label for={id} class="sr-only">
        {label}
      </label>
      <div class="search-line">
        <Icon name="search" size={16} />
        <input
          ref={input}
          id={id}
          class="input code"
          type="search"
          // biome-ignore lint/a11y/noRedundantRoles: it is not, without a datalist
          role="combobox"
          // no datalist of the browser's: ours is below
          list={undefined}
          data-search
          value={text}
          placeholder={placeholder}
          autocomplete="off"
          spellcheck={false}
          aria-expanded={offers.length > 0}
          aria-controls={`${id}-offers`}
          aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
          aria-invalid={error !== undefined}
          aria-describedby={error === undefined ? undefined : `${id}-error`}
          onInput={(event) => {
            setText(event.currentTarget.value)
            setOpen(true)
            setActive(-1)
          }}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={onKeyDown}
        />
      </div>
      <ul
        class="search-offers"
        id={`${id}-offers`}
        role="listbox"
        aria-label="Search words"
        // it scrolls, and Chromium stops at what scrolls: Tab would end in a list that is just being hidden
        tabIndex={-1}
        hidden={offers.length === 0}
      >
        {offers.map((field, i) => (
          <li
            key={field.name}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === active}
            // before the blur that would close the list
            onMouseDown={(event) => {
              event.preventDefault()
              take(field.name)
            }}
          >
            <code>{field.name}:</code>
            <span>{field.help}</span>
            <code class="example">{field.example}</code>
          </li>
        ))}
      </ul>
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </div>
  )
}

/** Names that begin like the word being typed; all of them before the first word. */
function offersFor(text: string, fields: readonly SearchField[]): readonly SearchField[] {
  const word = /\S*$/.exec(text)![0].replace(/^-/, '').toLowerCase()
  return word.includes(':') || word.includes('"') ? [] : fields.filter(({ name }) => name.startsWith(word))
}
