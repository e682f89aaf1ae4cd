/** Asks for an API token, because the gateway did. */
import { useState } from 'preact/hooks'
import { signIn } from '../net/session.js'
import { Button } from './button.js'
import { Dialog } from './dialog.js'
import { TextField, Toggle } from './field.js'

export function TokenDialog({ why }: { why: string }) {
  const [value, setValue] = useState('')
  const [remember, setRemember] = useState(false)
  const submit = (event: Event) => {
    event.preventDefault()
    if (value.trim() !== '') signIn(value.trim(), remember)
  }
  return (
    // there is nothing behind it to go back to
    <Dialog title="This gateway wants a token" onClose={undefined}>
      <form class="stack" onSubmit={submit}>
        <p>{why}</p>
        <TextField
          label="Token"
          type="password"
          code
          autofocus
          value={value}
          onInput={setValue}
          hint="`hepgate token` makes one; its hash stands in the configuration of the gateway."
        />
        <Toggle label="Remember it in this browser" checked={remember} onChange={setRemember} />
        <Button tone="primary" type="submit" disabled={value.trim() === ''}>
          Open
        </Button>
      </form>
    </Dialog>
  )
}
