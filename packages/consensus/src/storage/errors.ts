import { JoineryError } from '@joinery/crdt-objects'

declare module '@joinery/crdt-objects' {
  interface ErrorDetails {
    /** What was durable has changed or is gone: the log of a group cannot be trusted, and was not opened. */
    STORAGE_CORRUPT: { readonly path: string; readonly offset: number; readonly reason: string }
    /** The log was written in a format that this version does not know. It was not opened, and is unchanged. */
    STORAGE_FORMAT_UNKNOWN: { readonly path: string; readonly version: number }
    /** Another process has the directory open. */
    STORAGE_IN_USE: { readonly path: string; readonly processId: number }
    /** The system failed to write: the disk is full or broken. Nothing further is taken. */
    STORAGE_FAILED: { readonly path: string; readonly reason: string }
  }
}

/** The failure to open a log whose file is not as it was written. */
export function storageCorrupt(
  path: string,
  offset: number,
  reason: string,
): JoineryError<'STORAGE_CORRUPT'> {
  return new JoineryError(
    'STORAGE_CORRUPT',
    `${path} is damaged at byte ${offset}: ${reason}. ` +
      'Replace this member by one with an empty directory: the group brings it up to date.',
    { path, offset, reason },
  )
}

/** The failure to open a log that another version wrote. */
export function storageFormatUnknown(
  path: string,
  version: number,
): JoineryError<'STORAGE_FORMAT_UNKNOWN'> {
  return new JoineryError(
    'STORAGE_FORMAT_UNKNOWN',
    `${path} is in format ${version}, which this version does not know: start the newer version`,
    { path, version },
  )
}

/** The failure to open a directory that another process uses. */
export function storageInUse(path: string, processId: number): JoineryError<'STORAGE_IN_USE'> {
  return new JoineryError(
    'STORAGE_IN_USE',
    `${path} is open in process ${processId}: a member's directory belongs to one process`,
    { path, processId },
    { retryable: true },
  )
}

/** The failure of a write, from what the system said. */
export function storageFailed(path: string, cause: unknown): JoineryError<'STORAGE_FAILED'> {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new JoineryError(
    'STORAGE_FAILED',
    `the log in ${path} takes nothing further: ${reason}. ` +
      'Mend the disk or make room, and start this member again.',
    { path, reason },
    { cause },
  )
}
