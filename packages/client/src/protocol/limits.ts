/** The version both sides must speak; it is in the first message of each side. */
export const protocolVersion = 5

/** The longest frame either side sends or takes. A longer one closes the connection. */
export const frameBytesMax = 1024 * 1024

/**
 * A frame under construction leaves when it has grown this long, so that any one message of at most
 * {@link messageBytesMax} still fits behind what is already in it.
 */
export const frameBytesFull = 64 * 1024

/** The longest single message: one call with its arguments, or one part of a long answer. */
export const messageBytesMax = frameBytesMax - frameBytesFull - 1024

/** All that may arrive before the hello, HTTP upgrade excluded. */
export const helloBytesMax = 8 * 1024

/** How deep below an object a path may reach. */
export const pathDepthMax = 32

/** The longest name of a space or object, key of a path, or verb, in UTF-16 units. */
export const nameLengthMax = 1024

/** The longest description of a schema. */
export const descriptorLengthMax = 64 * 1024

/** The longest answer to one read, which may travel in parts; what is longer is read by iteration. */
export const answerBytesMax = 64 * 1024 * 1024

/** How many places one connection may have numbered at once; the client reuses the oldest number. */
export const targetsMax = 4096

/** How many objects one connection may have numbered. */
export const objectsMax = 16_384

/** How many items of one stream may be under way to a reader that has not taken them. */
export const creditMax = 1024

/** Writes of one transaction. */
export const transactionWritesMax = 10_000

/** Arguments of one call. */
export const argumentsMax = 10_000
