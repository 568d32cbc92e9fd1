/**
 * Constructs of a program on one machine, each in a comment, and below it the shared twin.
 *
 *   node --import tsx --conditions=@joinery/source docs/examples/constructs.ts
 */
import {
  bloom,
  counter,
  distinct,
  document,
  flag,
  histogram,
  list,
  log,
  map,
  matrix,
  max,
  moments,
  quantiles,
  ref,
  register,
  set,
  struct,
  text,
  topK,
  vector,
} from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'

const peer = await createPeer({ clusterKey: 'a secret of this cluster' })
const space = await peer.space('constructs')

// let hits = 0; hits += 1
const hits = await space.open('hits', counter())
hits.add(1)

// let isOpen = false; isOpen = true
const isOpen = await space.open('isOpen', flag())
isOpen.enable()

// let title = 'untitled'; title = 'Joinery'
const title = await space.open('title', register({ initial: 'untitled' }))
title.set('Joinery')

// let slowest = -Infinity; slowest = Math.max(slowest, 84)
const slowest = await space.open('slowest', max())
slowest.offer(84)

// const tags = new Set<string>(); tags.add('new')
const tags = await space.open('tags', set<string>())
tags.add('new')

// const ages = new Map<string, number>(); ages.set('ada', 36)
const ages = await space.open('ages', map<number>())
ages.set('ada', 36)

// const words = new Map<string, number>(); words.set('a', (words.get('a') ?? 0) + 1)
const words = await space.open('words', map(counter()))
words.at('a').add(1)

// const page = { hits: 0, tags: new Set<string>() }; page.hits += 1
const page = await space.open('page', struct({ hits: counter(), tags: set<string>() }))
page.hits.add(1)

// const lines: string[] = []; lines.push('started')
const lines = await space.open('lines', log<string>())
lines.append('started')

// const todo = ['eat']; todo.splice(0, 0, 'sleep')
const todo = await space.open('todo', list<string>())
todo.push('eat')
todo.insert(0, 'sleep')

// let note = 'Hello'; note = note.slice(0, 5) + ', world'
const note = await space.open('note', text())
note.append('Hello')
note.insert(5, ', world')

// const settings = { theme: { dark: false } }; settings.theme.dark = true
const settings = await space.open('settings', document({ theme: { dark: false } }))
settings.change((draft) => {
  draft.theme.dark = true
})

// const sums = new Float64Array(3); sums[1] += 0.5
const sums = await space.open('sums', vector(3))
sums.addAt(1, 0.5)

// const table = [[0, 0], [0, 0]]; table[1][0] += 2
const table = await space.open('table', matrix(2, 2))
table.addAt(1, 0, 2)

// const samples: number[] = []; samples.push(5, 7); mean(samples)
const delays = await space.open('delays', moments())
delays.record(5, 7)

// samples.sort((a, b) => a - b); samples[Math.floor(0.5 * (samples.length - 1))]
const times = await space.open('times', quantiles())
times.record(5, 7, 90)

// const counts = [0, 0, 0]; counts[x < 10 ? 0 : x < 100 ? 1 : 2] += 1
const sizes = await space.open('sizes', histogram([10, 100]))
sizes.record(42)

// new Set(millionsOfVisitors).size
const visitors = await space.open('visitors', distinct())
visitors.add('ada', 'bob', 'ada')

// const seen = new Set<string>(); seen.has('url'), for more than fits
const seen = await space.open('seen', bloom({ capacity: 10_000 }))
seen.add('url')

// scores.sort(byScore).slice(0, 10)
const best = await space.open('best', topK(10))
best.offer('ada', 90)

// page.next = otherPage
const next = await space.open('next', ref(struct({ hits: counter(), tags: set<string>() })))
next.set(page)

// a = 1; b = 2, with no line of another function in between
space.transact((tx) => {
  tx(hits).add(1)
  tx(tags).add('popular')
})

console.log(hits.value, isOpen.value, title.value, slowest.value, [...tags], ages.get('ada'))
console.log(words.get('a'), page.hits.value, lines.value, todo.value, note.value, settings.value)
console.log([...sums.value], [...(table.value[1] ?? [])], delays.value.mean, sizes.value.counts)
console.log(visitors.value, seen.has('url'), best.top(1)[0]?.key, (await next.open())?.name)
console.log(times.quantile(0.5)?.toFixed(1))
await peer.stop()
