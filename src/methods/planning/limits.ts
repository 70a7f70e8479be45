/** How large a question a plan may be. */

/** Weights of larger models are not ranked for a plan: it is a question, not a job. */
export const PLANNED_WEIGHTS = 16e6
