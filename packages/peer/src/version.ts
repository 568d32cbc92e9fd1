/**
 * The version in this package's manifest; a test compares them. The manifest is not read at run time: functions are
 * bundled, and beside a bundle there is another one, or none.
 */
export const version = '0.1.0'
