/**
 * Words of somebody else in a line of ours: a user, a name, a Call-ID, a subject. They are kept apart from what stands
 * around them, and what has no look of its own is spelled out, so that nobody can turn the line round.
 */
import { spelled } from './format.js'

export function PeerText({ text }: { text: string }) {
  return <bdi>{spelled(text)}</bdi>
}
