/** Whom rows belong to. */

/** The tenant that is there from the beginning: a service without keys knows no other. */
export const FIRST_TENANT = 'tnt_00000000000000000000'
