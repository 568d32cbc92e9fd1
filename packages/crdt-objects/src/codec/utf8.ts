/*
 * Text through the platform's own coders, which browsers and Node have without an import: see
 * docs/decisions/0006-platform-text.md.
 */
const encoder = new TextEncoder()
// A byte order mark is text like any other: dropped, two different inputs would be the same key.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The UTF-8 of a text, which must be well formed. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text)
}

/** Writes the UTF-8 of a text, which must be well formed, where there is room for it. How many bytes it took. */
export function encodeUtf8Into(text: string, room: Uint8Array): number {
  return encoder.encodeInto(text, room).written
}

/** The text, or nothing where the bytes are no UTF-8: replaced in silence, two inputs would be the same key. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
