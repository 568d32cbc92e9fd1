import { decodeHex, encodeHex } from './codec/hex.ts'
import { Reader } from './codec/reader.ts'
import { Writer } from './codec/writer.ts'
import { invalidValue, isJoineryError } from './errors.ts'
import { VersionVector } from './version-vector.ts'

declare const mark: unique symbol

/**
 * What one side has seen of a space and written to it, as a text to pass on: who opens the space `after` it, wherever
 * that is, sees at least as much. Its length grows with the peers that hold the space now, and with nothing else.
 */
export type Bookmark = string & { readonly [mark]: true }

const version = 1
/** Of a space that so many peers write to at once that nobody has that many. */
const lengthMax = 4 * 1024 * 1024

/** The bookmark of who has seen `seen` of `space`. */
export function encodeBookmark(space: string, seen: VersionVector): Bookmark {
  const writer = new Writer()
  writer.varint(version)
  writer.text(space)
  seen.encode(writer)
  return encodeHex(writer.written()) as Bookmark
}

/**
 * What the bookmark stands for.
 *
 * @throws JoineryError VALUE_INVALID for what is no bookmark, or one of another space
 */
export function decodeBookmark(space: string, bookmark: unknown): VersionVector {
  if (typeof bookmark !== 'string' || bookmark.length > lengthMax) throw noBookmark()
  if (!/^(?:[0-9a-f]{2})+$/.test(bookmark)) throw noBookmark()
  let name: string
  let seen: VersionVector
  try {
    const reader = new Reader(decodeHex(bookmark))
    if (reader.varint() !== version) reader.fail('a bookmark of another version')
    name = reader.text()
    seen = VersionVector.decode(reader)
    reader.end()
  } catch (error) {
    if (isJoineryError(error, 'ENCODING_INVALID')) throw noBookmark()
    throw error
  }
  if (name !== space) throw invalidValue(`this bookmark is of the space "${name}", not "${space}"`)
  return seen
}

function noBookmark(): Error {
  return invalidValue('after is a bookmark, as `space.bookmark` gives it')
}
