import {
  counter,
  flag,
  list,
  type Local,
  log,
  map,
  max,
  min,
  register,
  type Schema,
  set,
  struct,
  vector,
} from '@joinery/crdt-objects'
import { kindOf, loadEngines, type SpaceState } from '@joinery/crdt-objects/engine'
import { type Deed, slash, type Verdict } from './oracle.ts'
import { type Random } from './random.ts'

const Team = struct({ points: counter(), members: set<string>(), active: flag() })
const schemas = {
  hits: counter(),
  worst: max(),
  best: min(),
  open: flag(),
  title: register<string>(),
  tags: set<string>(),
  settings: map<string>(),
  pages: map(counter()),
  teams: map(Team),
  sums: map(vector(2)),
  notes: log<string>(),
  todo: list<string>(),
}
type Schemas = typeof schemas

/** An object of every kind, some within others, as one replica holds them. */
export type Objects = { readonly [K in keyof Schemas]: Local<Schemas[K]> }

/** Loads what the objects need: before any of them is opened. */
export async function loadObjects(): Promise<void> {
  await loadEngines(...Object.values<Schema>(schemas).map(kindOf))
}

export function openObjects(state: SpaceState): Objects {
  const open = <S extends Schema>(name: string, schema: S) =>
    state.open(name, kindOf(schema)).handle() as Local<S>
  const opened = Object.entries(schemas).map(([name, schema]) => [name, open(name, schema)])
  return Object.fromEntries(opened) as Objects
}

const names = ['a', 'b', 'c', 'd', 'e', 'f']

/** Does something at random to the objects, and tells what. `unique` is written where values are compared. */
export function operate(objects: Objects, random: Random, unique: string): Deed {
  const deeds = [countDeed, countDeed, offerDeed, flagDeed, titleDeed, sumDeed, noteDeed, todoDeed]
  const deed = random.pick([...deeds, tagDeed, tagDeed, settingDeed, pageDeed, pageDeed, teamDeed])
  return deed(objects, random, unique)
}

function countDeed({ hits }: Objects, random: Random): Deed {
  const amount = nonZero(random)
  hits.add(amount)
  return { kind: 'add', place: 'hits', amount }
}

function offerDeed({ worst, best }: Objects, random: Random): Deed {
  const amount = random.integer(-1000, 1000)
  const isWorst = random.chance(0.5)
  if (isWorst) worst.offer(amount)
  else best.offer(amount)
  return { kind: 'offer', place: isWorst ? 'worst' : 'best', amount }
}

function flagDeed({ open }: Objects, random: Random): Deed {
  const enables = random.chance(0.5)
  if (enables) open.enable()
  else open.disable()
  return { kind: enables ? 'put' : 'remove', place: 'open' }
}

function titleDeed({ title }: Objects, _random: Random, value: string): Deed {
  title.set(value)
  return { kind: 'write', place: 'title', value }
}

function tagDeed({ tags }: Objects, random: Random): Deed {
  const tag = random.pick(names)
  if (random.chance(0.05)) {
    tags.clear()
    return { kind: 'remove', place: 'tags' }
  }
  const adds = random.chance(0.6)
  if (adds) tags.add(tag)
  else tags.delete(tag)
  return { kind: adds ? 'put' : 'remove', place: `tags/${tag}` }
}

function settingDeed({ settings }: Objects, random: Random, value: string): Deed {
  const key = random.pick(names)
  if (random.chance(0.1)) {
    settings.clear()
    return { kind: 'remove', place: 'settings' }
  }
  const place = `settings/${key}`
  if (random.chance(0.7)) {
    settings.set(key, value)
    return { kind: 'write', place, value }
  }
  settings.delete(key)
  return { kind: 'remove', place }
}

function pageDeed({ pages }: Objects, random: Random): Deed {
  const key = random.pick(names)
  const place = `pages/${key}`
  if (random.chance(0.2)) {
    pages.delete(key)
    return { kind: 'remove', place }
  }
  const amount = nonZero(random)
  pages.at(key).add(amount)
  return { kind: 'add', place, amount }
}

function sumDeed({ sums }: Objects, random: Random): Deed {
  const key = random.pick(names)
  const place = `sums/${key}`
  if (random.chance(0.2)) {
    sums.delete(key)
    return { kind: 'remove', place }
  }
  const amount = nonZero(random)
  sums.at(key).addAt(1, amount)
  return { kind: 'add', place, amount }
}

function noteDeed({ notes }: Objects, _random: Random, value: string): Deed {
  notes.append(value)
  return { kind: 'put', place: `notes/${value}` }
}

function todoDeed({ todo }: Objects, random: Random, value: string): Deed {
  const at = random.integer(0, todo.length)
  const item = todo.get(at)
  if (item !== undefined && random.chance(0.4)) {
    todo.delete(at)
    return { kind: 'remove', place: `todo/${item}` }
  }
  todo.insert(at, value)
  return { kind: 'put', place: `todo/${value}` }
}

function teamDeed({ teams }: Objects, random: Random): Deed {
  const key = random.pick(names)
  const place = `teams/${key}`
  const team = teams.at(key)
  switch (random.integer(0, 5)) {
    case 0:
      teams.delete(key)
      return { kind: 'remove', place }
    case 1: {
      const amount = nonZero(random)
      team.points.add(amount)
      return { kind: 'add', place: `${place}/points`, amount }
    }
    case 2:
      team.active.enable()
      return { kind: 'put', place: `${place}/active` }
    case 3:
      team.active.disable()
      return { kind: 'remove', place: `${place}/active` }
    case 4: {
      const member = random.pick(names)
      team.members.delete(member)
      return { kind: 'remove', place: `${place}/members/${member}` }
    }
    default: {
      const member = random.pick(names)
      team.members.add(member)
      return { kind: 'put', place: `${place}/members/${member}` }
    }
  }
}

function nonZero(random: Random): number {
  return random.integer(1, 100) * (random.chance(0.3) ? -1 : 1)
}

/** All that can be read of the objects, equal for equal states. */
export function canonical(objects: Objects): string {
  const { hits, worst, best, open, title, tags, settings, pages, teams } = objects
  const { sums, notes, todo } = objects
  const sorted = <T>(entries: Iterable<[string, T]>) =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([
    [hits.value, worst.value ?? null, best.value ?? null, open.value],
    [title.value ?? null, title.conflicts()],
    [...tags].sort(),
    sorted(settings.entries()),
    sorted(pages.entries()),
    sorted(teams.entries()).map(([key, team]) => [
      key,
      team.points,
      [...team.members].sort(),
      team.active,
    ]),
    sorted(sums.entries()).map(([key, sum]) => [key, ...sum]),
    notes.value,
    todo.value,
  ])
}

/** Where the objects are not what the oracle says. */
export function differences(objects: Objects, oracle: Verdict): string[] {
  const found: string[] = []
  const compare = (place: string, actual: unknown, expected: unknown) => {
    if (oracle.isDoubtful(place)) return
    const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)]
    if (a !== e) found.push(`${place} is ${a}, not ${e}`)
  }
  const compareLatest = (place: string, actual: string | undefined) => {
    const latest = oracle.latest(place)
    if (actual === undefined ? latest.length > 0 : !latest.includes(actual)) {
      compare(place, actual, latest)
    }
  }
  const { hits, worst, best, open, title, tags, settings, pages, teams } = objects
  compare('hits', hits.value, oracle.sum('hits'))
  compare('worst', worst.value, extreme(oracle.offers('worst'), Math.max))
  compare('best', best.value, extreme(oracle.offers('best'), Math.min))
  compare('open', open.value, oracle.isPut('open'))
  compareLatest('title', title.value)
  const titles = title.value === undefined ? [] : [title.value, ...title.conflicts()]
  compare('title', titles.sort(), oracle.latest('title'))
  compare('tags', [...tags].sort(), oracle.keys('tags'))
  compare('settings', [...settings.keys()].sort(), oracle.keys('settings'))
  for (const [key, value] of settings.entries()) compareLatest(`settings/${key}`, value)
  compare('pages', [...pages.keys()].sort(), oracle.keys('pages'))
  for (const [key, value] of pages.entries()) {
    compare(`pages/${key}`, value, oracle.sum(`pages/${key}`))
  }
  compare('teams', [...teams.keys()].sort(), oracle.keys('teams'))
  for (const [key, team] of teams.entries()) {
    const place = ['teams', key].join(slash)
    compare(`${place}/points`, team.points, oracle.sum(`${place}/points`))
    compare(`${place}/members`, [...team.members].sort(), oracle.keys(`${place}/members`))
    compare(`${place}/active`, team.active, oracle.isPut(`${place}/active`))
  }
  const { sums, notes, todo } = objects
  compare('sums', [...sums.keys()], oracle.keys('sums'))
  for (const [key, sum] of sums.entries()) {
    compare(`sums/${key}`, [...sum], [0, oracle.sum(`sums/${key}`)])
  }
  compare('notes', [...notes].sort(), oracle.keys('notes'))
  compare('todo', [...todo].sort(), oracle.keys('todo'))
  return found
}

function extreme(offers: readonly number[], of: (...n: number[]) => number): number | undefined {
  return offers.length === 0 ? undefined : of(...offers)
}
