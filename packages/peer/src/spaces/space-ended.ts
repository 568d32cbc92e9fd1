import { JoineryError } from '@joinery/crdt-objects'

/** The failure of what is asked of a space that was closed here, and waits for it. */
export function spaceClosed(space: string): JoineryError<'SPACE_ENDED'> {
  return new JoineryError(
    'SPACE_ENDED',
    `The space "${space}" is closed here. Open it again with peer.space("${space}").`,
    { space },
  )
}

/** The failure of what is asked of a space after its end. */
export function spaceEnded(space: string): JoineryError<'SPACE_ENDED'> {
  return new JoineryError(
    'SPACE_ENDED',
    `The space "${space}" has ended, with all that was in it. A space of that name is another one, and begins empty.`,
    { space },
  )
}
