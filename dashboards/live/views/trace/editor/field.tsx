/** The editor as a field of the page: its code is loaded when it is first shown. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../../../ui/button.js'
import { Empty, Skeleton } from '../../../ui/panel.js'
import type { EditorOptions, Mistake, RouteEditor } from './editor.js'

export interface EditorFieldProps extends EditorOptions {
  /** grows when `text` comes from elsewhere: what was typed is in the editor already, and may be ahead of `text` */
  readonly revision: number
  readonly mistakes: readonly Mistake[]
  /** for whoever wants to put the cursor somewhere */
  readonly onReady: (editor: RouteEditor) => void
}

export function EditorField(props: EditorFieldProps) {
  const { text, revision, mistakes } = props
  const host = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  latest.current = props
  const [editor, setEditor] = useState<RouteEditor | 'loading' | 'failed'>('loading')

  useEffect(() => {
    let made: RouteEditor | undefined
    let gone = false
    import('./editor.js').then(
      ({ RouteEditor }) => {
        if (gone) return
        const { onChange: _, ...options } = latest.current
        made = new RouteEditor(host.current!, { ...options, onChange: (changed) => latest.current.onChange(changed) })
        setEditor(made)
        latest.current.onReady(made)
      },
      () => setEditor('failed'),
    )
    return () => {
      gone = true
      made?.destroy()
    }
  }, [])
  useEffect(() => {
    if (typeof editor === 'object') editor.replace(text)
  }, [editor, revision])
  useEffect(() => {
    if (typeof editor === 'object') editor.mark(mistakes)
  }, [editor, mistakes])

  return (
    <div class="route-editor">
      {editor === 'loading' && <Skeleton lines={5} />}
      {editor === 'failed' && (
        <Empty
          icon="warning"
          title="The editor could not be loaded"
          action={<Button onClick={() => location.reload()}>Load the page again</Button>}
        />
      )}
      <div ref={host} class="route-editor-host" />
    </div>
  )
}
