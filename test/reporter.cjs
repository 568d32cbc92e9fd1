// Mocha's own `spec` report, and then one plain line that a program can read.
// With REQUIRE_ALL=1 a skipped test counts as a failure: on a machine that has everything, "skipped" only hides.
'use strict'
const { Runner, reporters } = require('mocha')

const { EVENT_TEST_PENDING } = Runner.constants

/** Why a test did not run: the reason it gave (`this.skip` has none), or how it was marked. */
function reasonFor(test) {
  for (let node = test; node; node = node.parent) if (node.skipReason) return node.skipReason
  return 'no reason given: set `this.test.skipReason` before `this.skip()`'
}

class Reporter extends reporters.Spec {
  #skipped = []

  constructor(runner, options) {
    super(runner, options)
    runner.on(EVENT_TEST_PENDING, (test) => this.#skipped.push(test))
  }

  done(failures, end) {
    const required = process.env.REQUIRE_ALL === '1' ? this.#skipped : []
    for (const test of required)
      console.log(`  REQUIRE_ALL: skipped: ${test.fullTitle()} (${reasonFor(test)})`)
    const { passes } = this.stats
    const failed = failures + required.length
    console.log(
      `${passes} passed, ${failed} failed, ${this.#skipped.length - required.length} skipped`,
    )
    end(failed)
  }
}

module.exports = Reporter
