/** Buttons. An icon alone has a label that is read out and shown on hover. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { toast, toastError } from '../state/toasts.js'
import { Icon, type IconName } from './icon.js'

export interface ButtonProps {
  readonly children: ComponentChildren
  readonly tone?: 'plain' | 'primary' | 'danger' | 'quiet'
  readonly icon?: IconName
  readonly small?: boolean
  readonly disabled?: boolean
  /** at work: keeps the focus, which a disabled button would lose, and takes no click */
  readonly busy?: boolean
  readonly autofocus?: boolean
  readonly title?: string
  readonly type?: 'button' | 'submit'
  readonly onClick?: () => unknown
}

export function Button({
  children,
  tone = 'plain',
  icon,
  small,
  disabled,
  busy,
  autofocus,
  title,
  type = 'button',
  onClick,
}: ButtonProps) {
  return (
    <button
      type={type}
      class={`button ${tone}${small ? ' small' : ''}`}
      disabled={disabled}
      aria-disabled={busy}
      autofocus={autofocus}
      title={title}
      onClick={() => {
        if (!busy) void onClick?.()
      }}
    >
      {icon && <Icon name={icon} size={small ? 15 : 17} />}
      {children}
    </button>
  )
}

/** Runs something that takes a while: once at a time, and says in a toast when it failed. */
export function AsyncButton(props: Omit<ButtonProps, 'onClick'> & { run: () => Promise<unknown>; failed: string }) {
  const { run, failed, ...rest } = props
  const [busy, setBusy] = useState(false)
  const start = async () => {
    setBusy(true)
    await run().catch((error: unknown) => toastError(failed, error))
    setBusy(false)
  }
  return <Button {...rest} busy={busy} onClick={start} />
}

export function IconButton(props: { icon: IconName; label: string; pressed?: boolean; onClick: () => void }) {
  const { icon, label, pressed, onClick } = props
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} />
    </button>
  )
}

export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    if (!isSecureContext) return toast('Browsers copy only on pages that came over HTTPS.', 'warning')
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 1500)
  }
  return (
    <button
      type="button"
      class="icon-button small"
      title={label}
      aria-label={copied ? 'Copied' : label}
      onClick={() => void copy().catch((error: unknown) => toastError('Copying failed', error))}
    >
      <Icon name={copied ? 'check' : 'copy'} size={15} />
    </button>
  )
}
