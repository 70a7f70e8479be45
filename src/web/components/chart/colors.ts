/** The colours of series, in the order in which they are taken: as many as can be told apart. */
export const SERIES_COLORS = ['series-1', 'series-2', 'series-3', 'series-4', 'series-5', 'series-6'] as const

/** `series-muted`: of what is beside the others, such as a whole. */
export type SeriesColor = typeof SERIES_COLORS[number] | 'series-muted'
