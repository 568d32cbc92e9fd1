/** How long a waiting call may take, and how to give it up. An abort throws the signal's own reason. */
export interface WaitOptions {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}
