import { readFile } from 'node:fs/promises'
import { invalidValue, isJoineryError } from '@joinery/crdt-objects'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { destination, pino } from 'pino'
import { createPeer } from '../index.ts'
import type { Peer } from '../index.ts'
import { clusterKeyVariable } from '../cluster-key.ts'
import { recoverDirectory } from '../groups/recover.ts'
import { version } from '../version.ts'
import { ReportLog } from './report-log.ts'

const drainMs = 5000
const usageExitCode = 2

interface Settings {
  readonly voter?: boolean
  readonly groups?: number
  readonly votersMax?: number
  readonly voterReplaceMs?: number
  readonly directory?: string
  readonly heapMaxMb?: number
  readonly writeMaxKbPerSecond?: number
  readonly idlePackMs?: number
  readonly port: number
  readonly host: string
  readonly listen: readonly string[]
  readonly lanePort?: number | false
  readonly bootstrap: readonly string[]
  readonly keyFile?: string
  readonly tokenFile?: string
  readonly dissemination: 'gossip' | 'direct'
  readonly space: readonly string[]
  readonly origin: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** Runs a peer with a gateway until SIGTERM or SIGINT. Returns the exit code: 0 ended, 1 failed, 2 wrong usage. */
export async function run(args: readonly string[], environment: Environment): Promise<number> {
  const program = peerProgram()
  program.action(async () => await serve(program.opts<Settings>(), environment))
  program
    .command('recover')
    .description(
      'Founds a new cluster from what a voter of a lost one has kept in its directory. For when the majority of the\n' +
        'voters is gone for good: peers of the old cluster are refused by the new one, and have to start anew.',
    )
    .requiredOption(
      '--directory <directory>',
      'the directory of the voter, which must not be running',
    )
    .action(async (settings: { readonly directory: string }) => await recover(settings.directory))
    .exitOverride()
    .allowExcessArguments(false)
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`)
    return isJoineryError(error, 'VALUE_INVALID') ? usageExitCode : 1
  }
}

function peerProgram(): Command {
  return new Command('joinery-peer')
    .description(
      'Runs a Joinery peer: a replica of shared objects, and a gateway for short functions.\n' +
        'The cluster key comes from --key-file or JOINERY_CLUSTER_KEY, the token of the gateway from\n' +
        '--token-file or JOINERY_TOKEN: never from the command line, which all users can read.',
    )
    .option('--port <port>', 'port of the gateway; 0 takes any free one', parsePort, 7070)
    .option(
      '--host <host>',
      'address of the gateway; other than loopback it needs a token',
      '127.0.0.1',
    )
    .option('--listen <multiaddr...>', 'where other peers reach this one', ['/ip4/127.0.0.1/tcp/0'])
    .option(
      '--lane-port <port>',
      'port for the faster sockets between peers, any free one',
      parsePort,
    )
    .option('--no-lane-port', 'talk over libp2p alone')
    .option('--bootstrap <multiaddr...>', 'peers of the cluster to join; none founds a new one', [])
    .option('--key-file <file>', 'file with the cluster key')
    .option('--token-file <file>', 'file with the token that clients must present')
    .addOption(
      new Option('--dissemination <how>', 'how batches reach other peers')
        .choices(['gossip', 'direct'])
        .default('gossip'),
    )
    .option('--voter', 'may vote in the groups that order objects in strong mode; a founder does')
    .option(
      '--directory <directory>',
      'keeps what this peer votes on, so that it survives a restart',
    )
    .option('--groups <count>', 'how many groups a new cluster has', parseCount)
    .option(
      '--voters-max <count>',
      'how many voters a group has at most, an odd number',
      parseCount,
    )
    .option(
      '--voter-replace-ms <ms>',
      'how long a voter may be gone before it is replaced',
      parseCount,
    )
    .option(
      '--heap-max-mb <megabytes>',
      'how much of the heap may live before what adds something is refused',
      parseCount,
    )
    .option(
      '--write-max-kb-per-second <kilobytes>',
      'how much may be written here in a second before what adds something is refused',
      parseCount,
    )
    .option(
      '--idle-pack-ms <ms>',
      'how long an object may be unused before it is packed',
      parseCount,
    )
    .option('--space <name...>', 'spaces to hold a replica of from the start', [])
    .option('--origin <origin...>', 'web origins whose pages may connect to the gateway', [])
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(joinery-peer --help shows what can be given)')
    .allowExcessArguments(false)
    .addHelpText('after', examples)
}

async function serve(settings: Settings, environment: Environment): Promise<void> {
  const stopped = stopSignal()
  // What it serves goes to standard output; what goes wrong, as lines of JSON, to standard error.
  const log = pino({ name: 'joinery-peer' }, destination({ dest: 2, sync: true }))
  const reports = new ReportLog((fields, text, isError) => {
    if (isError) log.error(fields, text)
    else log.warn(fields, text)
  })
  checkKeyGiven(settings, environment)
  const token =
    settings.tokenFile === undefined
      ? environment.JOINERY_TOKEN
      : await readToken(settings.tokenFile)
  const peer = await createPeer({
    clusterKey: settings.keyFile === undefined ? undefined : { file: settings.keyFile },
    listen: settings.listen,
    // Commander makes true of an option that may be denied, when it is not given at all.
    lanePort: typeof settings.lanePort === 'boolean' && settings.lanePort ? 0 : settings.lanePort,
    bootstrap: settings.bootstrap,
    dissemination: settings.dissemination,
    voter: settings.voter,
    groups: settings.groups,
    votersMax: settings.votersMax,
    voterReplaceMs: settings.voterReplaceMs,
    directory: settings.directory,
    heapBytesMax: settings.heapMaxMb === undefined ? undefined : settings.heapMaxMb * 1e6,
    writeBytesPerSecondMax:
      settings.writeMaxKbPerSecond === undefined ? undefined : settings.writeMaxKbPerSecond * 1e3,
    idlePackMs: settings.idlePackMs,
    gateway: {
      port: settings.port,
      host: settings.host,
      token: token === '' ? undefined : token,
      origins: settings.origin,
    },
    onReport: reports.take,
  })
  try {
    for (const name of settings.space) await peer.space(name)
    console.log(introduction(peer, settings))
    await stopped
    const { unsent } = await peer.drain({ deadlineMs: drainMs })
    console.log(farewell(unsent, peer.statistics().peers))
  } finally {
    await peer.stop({ deadlineMs: 0 })
    reports.flush()
  }
}

async function recover(directory: string): Promise<void> {
  const { from, cluster, positions } = await recoverDirectory(directory)
  console.log(
    [
      `recovered from  ${from}`,
      `new cluster     ${cluster}`,
      ...positions.map((position, group) => `group ${group}         ${position} commands`),
      '',
      `start     joinery-peer --directory ${directory}`,
      'join      the other peers with --bootstrap and empty directories: those of the old cluster are refused',
    ].join('\n'),
  )
}

function checkKeyGiven({ keyFile }: Settings, environment: Environment): void {
  if (keyFile !== undefined || (environment[clusterKeyVariable] ?? '') !== '') return
  throw invalidValue(
    `a peer needs the key of its cluster: name its file by --key-file, or set ${clusterKeyVariable}. ` +
      'Make one with `openssl rand -hex 32`',
  )
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalidValue(`the file that --token-file names cannot be read: ${reason}`)
  }
}

/** What is true at the end: only of what others confirmed to hold is it known that they do. */
export function farewell(unsent: number, peers: number): string {
  if (unsent > 0) {
    const updates = unsent === 1 ? 'one update made here is' : `${unsent} updates made here are`
    return `stopping; ${updates} not known to be held by any other peer`
  }
  return peers > 0
    ? 'handed over, stopping'
    : 'stopping; no other peer is connected: what only this one held is gone'
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
  })
}

function introduction(peer: Peer, { space: spaces, bootstrap }: Settings): string {
  const { gatewayUrl = '', addresses, id } = peer
  return [
    `peer      ${id}`,
    `gateway   ${gatewayUrl}`,
    ...addresses.map((address) => `address   ${address}`),
    ...spaces.map((space) => `space     ${space}`),
    ...(bootstrap.length > 0 && peer.statistics().peers === 0
      ? [`cluster   not joined yet, still trying ${bootstrap.join(', ')}`]
      : []),
    '',
    `look      joinery --url ${gatewayUrl} ls`,
    ...addresses
      .slice(0, 1)
      .map((address) => `join      joinery-peer --port 0 --bootstrap ${address}`),
    'stop      Ctrl-C: hands over to the other peers, if any, then ends',
  ].join('\n')
}

function parseCount(text: string): number {
  const count = Number(text)
  if (text.trim() !== '' && Number.isInteger(count) && count >= 0) return count
  throw new InvalidArgumentError('expected a number.')
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('a port is a number from 0 to 65535.')
}

const examples = `
Examples:
  export JOINERY_CLUSTER_KEY=$(openssl rand -hex 32)
  joinery-peer                                     founds a cluster, gateway on ws://127.0.0.1:7070
  joinery-peer --port 0 --bootstrap <multiaddr>    joins it; take the address that the first one prints
  joinery-peer --space flights --dissemination direct
  joinery-peer --voter --directory ./peer --bootstrap <multiaddr>    joins, votes, and keeps what it votes on
  joinery-peer recover --directory ./peer          after the majority of the voters is lost for good

Exit codes: 0 ended by SIGTERM or SIGINT, 1 failed, 2 wrong usage.`
