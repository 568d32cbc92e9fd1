import { readFile } from 'node:fs/promises'
import { type Client, connect } from '../index.ts'
import { UsageError } from './failure.ts'

/** Where a gateway is looked for when nothing else is said. */
export const defaultUrl = 'ws://127.0.0.1:7070'

/** Where the gateway is said to be. */
export interface Reach {
  readonly url: string | undefined
  readonly tokenFile: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** An object's place, as it is written on the command line. */
export interface ObjectPath {
  readonly space: string
  readonly object: string
}

/** Reads `space/object`; whatever follows the first slash is the object's name. */
export function parseObjectPath(text: string): ObjectPath {
  const slash = text.indexOf('/')
  if (slash > 0 && slash < text.length - 1)
    return { space: text.slice(0, slash), object: text.slice(slash + 1) }
  throw new UsageError(
    `"${text}" names no object: write <space>/<object>, such as flights/hours. ` +
      `\`joinery ls ${slash > 0 ? text.slice(0, slash) : text}\` lists the objects of a space.`,
  )
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new UsageError(`the file that --token-file names cannot be read: ${reason}`)
  }
}

/** Runs `work` with a client of the gateway, and closes it. */
export async function withClient<R>(
  reach: Reach,
  work: (client: Client) => Promise<R>,
): Promise<R> {
  const { environment, tokenFile } = reach
  const url = reach.url ?? environment.JOINERY_GATEWAY ?? defaultUrl
  const token = tokenFile === undefined ? environment.JOINERY_TOKEN : await readToken(tokenFile)
  const client = await connect(url, { token, retry: false, timeoutMs: 5000 })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}
