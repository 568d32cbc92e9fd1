import { randomBytes } from 'node:crypto'
import { link, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { storageInUse } from './errors.ts'

const lockName = 'lock'
const attemptsMax = 10

/** Who holds a directory. Numbers of processes are used again: the time of its start tells one from the other. */
interface Holder {
  readonly processId: number
  /** What the system says of the process's start; undefined where it does not. */
  readonly start: string | undefined
}

/**
 * A directory belongs to one process: a file names the process that has it. A process that was killed leaves its file
 * behind, and the next one sees that nobody of that number and start is alive, and takes over.
 *
 * It guards against a second process on the same machine. One in another container or on another machine, to which the
 * number means another process or none, is not seen.
 */
export class DirectoryLock {
  readonly #path: string
  readonly #text: string

  private constructor(path: string, text: string) {
    this.#path = path
    this.#text = text
  }

  /** @throws JoineryError STORAGE_IN_USE */
  static async take(directory: string): Promise<DirectoryLock> {
    const path = join(directory, lockName)
    const ownId = process.pid
    const holder: Holder = { processId: ownId, start: await startOfProcess(ownId) }
    // No other text is equal to it, not one of the same process either.
    const text = JSON.stringify({ ...holder, token: randomBytes(8).toString('hex') })
    const draft = `${path}-${randomBytes(8).toString('hex')}`
    await writeFile(draft, text)
    try {
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        // Unlike a file that is opened and then written, a link has its contents from the beginning.
        if (await linked(draft, path)) return new DirectoryLock(path, text)
        const found = await readFile(path, 'utf8').catch(() => undefined)
        if (found === undefined) continue
        const current = parseHolder(found)
        if (current !== undefined && (await isAlive(current))) {
          throw storageInUse(directory, current.processId)
        }
        await removeLeftBehind(path, found)
      }
      throw storageInUse(directory, 0)
    } finally {
      await rm(draft, { force: true })
    }
  }

  async release(): Promise<void> {
    const found = await readFile(this.#path, 'utf8').catch(() => undefined)
    if (found === this.#text) await rm(this.#path, { force: true })
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Moves it away first: of several processes that found the same file, one moves it, and none a newer one unseen. */
async function removeLeftBehind(path: string, text: string): Promise<void> {
  const aside = `${path}-${randomBytes(8).toString('hex')}`
  try {
    await rename(path, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  if ((await readFile(aside, 'utf8')) !== text) await linked(aside, path)
  await unlink(aside)
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { processId, start } = JSON.parse(text) as Partial<Holder>
    return typeof processId === 'number' ? { processId, start } : undefined
  } catch {
    return undefined
  }
}

async function isAlive({ processId, start }: Holder): Promise<boolean> {
  try {
    process.kill(processId, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  const found = await startOfProcess(processId)
  return start === undefined || found === undefined || start === found
}

/** On Linux: the boot, and the tick of the start. Undefined elsewhere, and where it is not to be seen. */
async function startOfProcess(processId: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${processId}/stat`, 'utf8'),
    ])
    // The name of the program, in parentheses, may hold spaces and parentheses; the fields come after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // One that has ended and was not asked for its result yet holds nothing.
    const hasEnded = fields[0] === 'Z' || fields[0] === 'X'
    return hasEnded ? 'ended' : `${boot.trim()} ${fields[19]}`
  } catch {
    return undefined
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
