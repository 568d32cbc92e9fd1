// A copy of the tree that a test may break: mutations, planted violations, clean builds.
//
// It lies inside the repository, so that third-party modules are found in the root's `node_modules`
// by walking up. `@joinery/*` must not be: those links lead to the original packages, and a mutated
// copy would be tested against unmutated code. So the copy has links of its own, found first.
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'

/** Where the repository is. */
export const repositoryRoot = join(import.meta.dirname, '../..')

/** A tree like the repository's, removed when disposed of. */
export interface RepositoryCopy extends AsyncDisposable {
  readonly directory: string
  /** Writes a file into the copy, and the folders above it. */
  plant(path: string, text: string): Promise<void>
}

const notCopied = new Set(['node_modules', 'dist', '.git', '.copies', 'coverage'])

/** Copies the sources, tests, docs and settings: neither builds nor installed modules. */
export async function copyRepository(): Promise<RepositoryCopy> {
  const copies = join(repositoryRoot, '.copies')
  await mkdir(copies, { recursive: true })
  await removeAbandoned(copies)
  const directory = await mkdtemp(join(copies, 'copy-'))
  for (const entry of await readdir(repositoryRoot)) {
    if (notCopied.has(entry)) continue
    await cp(join(repositoryRoot, entry), join(directory, entry), {
      recursive: true,
      filter: (source) => !notCopied.has(basename(source)),
    })
  }
  await linkPackages(directory)
  return {
    directory,
    async plant(path, text) {
      const file = join(directory, path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    },
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function linkPackages(directory: string): Promise<void> {
  const scope = join(directory, 'node_modules/@joinery')
  await mkdir(scope, { recursive: true })
  for (const name of await readdir(join(directory, 'packages'))) {
    await symlink(relative(scope, join(directory, 'packages', name)), join(scope, name))
    // Versions that npm could not hoist to the root.
    const own = join('packages', name, 'node_modules')
    if (existsSync(join(repositoryRoot, own))) {
      await symlink(join(repositoryRoot, own), join(directory, own))
    }
  }
}

/** Removes copies whose runs were killed before they could. No run takes an hour with one copy. */
async function removeAbandoned(copies: string): Promise<void> {
  for (const name of await readdir(copies)) {
    const directory = join(copies, name)
    const created = await stat(directory).catch(() => undefined)
    if (created === undefined || Date.now() - created.birthtimeMs < 3_600_000) continue
    await rm(directory, { recursive: true, force: true })
  }
}
