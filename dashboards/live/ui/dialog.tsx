/** Dialogs and drawers: the browser's own <dialog>, which keeps the focus inside; it goes back to where it was. */
import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { IconButton } from './button.js'
import { Toasts } from './toasts.js'

export interface DialogProps {
  readonly title: ComponentChildren
  /** undefined: it cannot be closed, only answered */
  readonly onClose: (() => void) | undefined
  /** buttons at the end */
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}

/** In the middle of the page. It is open as long as it is rendered. */
export function Dialog(props: DialogProps) {
  return <Modal {...props} kind="dialog" />
}

/** At the right side, over the whole height; the whole page on a phone. */
export function Drawer(props: DialogProps) {
  return <Modal {...props} kind="drawer" />
}

/** Open ones, the topmost last. What is behind it can neither be seen nor used, notices included. */
const modals = signal<readonly string[]>([])

/** The notices, where nothing covers them: in the page, or in the dialog `within`. */
export function TopmostToasts({ within }: { within?: string }) {
  return modals.value.at(-1) === within ? <Toasts /> : null
}

function Modal({ kind, title, onClose, actions, children }: DialogProps & { kind: 'dialog' | 'drawer' }) {
  const id = useId()
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = element.current!
    const before = document.activeElement
    dialog.showModal()
    // what it is about is read out first, where nothing in it is to be typed into
    if (dialog.querySelector('[autofocus]') === null) dialog.querySelector('h2')!.focus()
    modals.value = [...modals.value, id]
    return () => {
      modals.value = modals.value.filter((one) => one !== id)
      // it has left the page already, and so cannot give the focus back itself
      if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    }
  }, [])
  // the buttons are gone, maybe with the focus: what was closed cannot be closed again
  useEffect(() => {
    if (document.activeElement === document.body) element.current!.querySelector('h2')!.focus({ preventScroll: true })
  }, [actions === undefined])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it, this is for the pointer
    <dialog
      ref={element}
      class={kind}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose?.()
      }}
      // beside it: on the backdrop
      onClick={(event) => {
        if (event.target === element.current) onClose?.()
      }}
    >
      <div class="dialog-frame">
        <header class="dialog-head">
          <h2 id={id} tabIndex={-1}>
            {title}
          </h2>
          {onClose !== undefined && <IconButton icon="close" label="Close" onClick={onClose} />}
        </header>
        <div class="dialog-body">{children}</div>
        {actions !== undefined && <footer class="dialog-actions">{actions}</footer>}
      </div>
      <TopmostToasts within={id} />
    </dialog>
  )
}
