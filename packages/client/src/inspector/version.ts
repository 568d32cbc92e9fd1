/** The version in this package's manifest; a test compares them, for beside a bundle there is another manifest. */
export const version = '0.1.0'
