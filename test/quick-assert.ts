/*
 * `assert.ok` without a message looks for the text of its condition in the file. What runs here is compiled into one line,
 * so Node looks at the wrong place of the file, and tries to parse an expression from each word before it: that takes up
 * to minutes, in which the process does nothing else, and finds nothing. Polls fail once or twice before they succeed:
 * each such place of a test stood still so, the first time. The trace tells where it was.
 */
import assert, { AssertionError } from 'node:assert/strict'

assert.ok = function ok(value: unknown, message?: string | Error): asserts value {
  if (value) return
  if (message instanceof Error) throw message
  throw new AssertionError({
    ...{ actual: value, expected: true, operator: '==', stackStartFn: assert.ok },
    message: message ?? 'what was to be true is not',
  })
}
