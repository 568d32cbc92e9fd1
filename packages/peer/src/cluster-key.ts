import { readFile } from 'node:fs/promises'
import { invalidValue } from '@joinery/crdt-objects'
import { fromString } from 'uint8arrays/from-string'

/** The secret that all peers of a cluster hold: itself, or the file that it is in. */
export type ClusterKey = string | Uint8Array | { readonly file: string }

/** The environment variable that holds the key when no option gives it. */
export const clusterKeyVariable = 'JOINERY_CLUSTER_KEY'

const keyBytesMin = 16

/**
 * The bytes of the cluster key. There is no default: a key that anybody could know would let anybody in. And it never
 * comes from the command line, which every user of a machine can read.
 *
 * @throws JoineryError VALUE_INVALID
 */
export async function readClusterKey(
  option: ClusterKey | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Uint8Array> {
  const key = await keyBytes(option ?? environment[clusterKeyVariable])
  if (key.length < keyBytesMin) {
    throw invalidValue(
      `a cluster key has at least ${keyBytesMin} bytes, this one has ${key.length}: ` +
        'make one with `openssl rand -hex 32`',
    )
  }
  return key
}

async function keyBytes(key: ClusterKey | undefined): Promise<Uint8Array> {
  if (key === undefined || key === '') {
    throw invalidValue(
      'a peer needs the key of its cluster: give `clusterKey` (a string, bytes or { file }), or set ' +
        `${clusterKeyVariable}. Make one with \`openssl rand -hex 32\``,
    )
  }
  if (typeof key === 'string') return fromString(key)
  if (key instanceof Uint8Array) return key.slice()
  if (typeof key !== 'object' || typeof key.file !== 'string') {
    throw invalidValue('clusterKey is a string, bytes or { file }')
  }
  try {
    return fromString((await readFile(key.file, 'utf8')).trim())
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalidValue(`the file of the cluster key cannot be read: ${reason}`)
  }
}
