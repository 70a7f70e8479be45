/** What tests store secrets under. */

export const SECRET_KEYS = ['a key of tests: 32 letters, at least'] as const
