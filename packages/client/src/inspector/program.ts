import { Command, CommanderError } from 'commander'
import { reportFailure } from './failure.ts'
import { get } from './get.ts'
import { groups, replaceVoter } from './groups.ts'
import { keepers } from './keepers.ts'
import { list } from './list.ts'
import { peers } from './peers.ts'
import { defaultUrl, type Reach } from './gateway-client.ts'
import { version } from './version.ts'
import { watch } from './watch.ts'

const usageExitCode = 2

/** Runs the inspector. Returns the exit code: 0 done, 1 not found or failed, 2 wrong usage. */
export async function run(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const program = inspectorProgram(environment)
  try {
    if (args.length === 0) {
      program.outputHelp()
      return 0
    }
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode
    return reportFailure(error)
  }
}

type Environment = Reach['environment']

function inspectorProgram(environment: Environment): Command {
  const program = new Command('joinery')
    .description(
      'Looks at the shared objects behind a Joinery gateway.\n' +
        'A space holds objects; an object is named <space>/<object>.',
    )
    .option('--url <url>', `the gateway (or JOINERY_GATEWAY; default ${defaultUrl})`)
    .option('--token-file <file>', 'file with the token of the gateway (or JOINERY_TOKEN)')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(joinery --help shows what can be asked)')
    .addHelpText('after', programExamples)
  const reach = (): Reach => {
    const { url, tokenFile } = program.opts<{ url?: string; tokenFile?: string }>()
    return { url, tokenFile, environment }
  }
  program
    .command('ls [space]')
    .description('lists the spaces, or the objects of one space')
    .addHelpText(
      'after',
      '\nExamples:\n  joinery ls            all spaces\n  joinery ls flights    its objects and their schemas',
    )
    .action(async (space?: string) => await list(reach(), space))
  program
    .command('get <space/object>')
    .description('shows the value of an object')
    .option('--json', 'as JSON: maps as objects, sets as arrays')
    .addHelpText(
      'after',
      '\nExamples:\n  joinery get flights/hours\n  joinery get flights/hours --json | jq \'."17"\'',
    )
    .action(async (path: string, options: { json?: boolean }) => await get(reach(), path, options))
  program
    .command('watch <space/object>')
    .description('shows the value of an object again after each change, until Ctrl-C')
    .option('--json', 'one line of JSON for each change')
    .addHelpText('after', '\nExample:\n  joinery watch flights/hours')
    .action(
      async (path: string, options: { json?: boolean }) => await watch(reach(), path, options),
    )
  program
    .command('peers')
    .description('lists the peers that the gateway knows, itself included')
    .action(async () => await peers(reach()))
  addGroups(program, reach)
  addKeepers(program, reach)
  for (const command of program.commands) command.exitOverride()
  return program
}

function addGroups(program: Command, reach: () => Reach): void {
  const command = program
    .command('groups')
    .description('lists the groups of voters that order objects in strong mode')
    .addHelpText(
      'after',
      '\nExamples:\n  joinery groups                            leaders, voters, sessions\n' +
        '  joinery groups replace 5108922416043317   another takes the place of a voter',
    )
    .action(async () => await groups(reach()))
  command
    .command('replace <member>')
    .description('has a voter replaced, whether it is there or not')
    .action(async (member: string) => await replaceVoter(reach(), member))
    .exitOverride()
}

function addKeepers(program: Command, reach: () => Reach): void {
  program
    .command('keepers <space>')
    .description('shows who keeps a space, and what may be lost with those that are gone')
    .option('--replace', 'drops those that are gone, with what only they hold')
    .addHelpText(
      'after',
      '\nExamples:\n  joinery keepers flights             who keeps it\n' +
        '  joinery keepers flights --replace   goes on without those that are gone',
    )
    .action(async (space: string, { replace = false }: { replace?: boolean }) => {
      await keepers(reach(), space, replace)
    })
}

const programExamples = `
Examples:
  joinery ls                        the spaces
  joinery ls flights                the objects of a space
  joinery get flights/hours         the value of an object
  joinery watch flights/hours       the same, again after each change
  joinery --url ws://127.0.0.1:7071 peers

Exit codes: 0 done, 1 not found or failed, 2 wrong usage.`
