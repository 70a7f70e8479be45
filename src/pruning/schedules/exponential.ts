/** Exponential: the same share of what is left with every update. */
import type { SparsitySchedule } from './schedule.ts'

export const exponential: SparsitySchedule = {
  description: 'the same share of what is left with every update',
  formula: '1 - (1 - from)^(1 - p) (1 - to)^p',
  source: 'the rounds of Frankle and Carbin, The Lottery Ticket Hypothesis, 2019, made continuous',
  at: (progress, from, to) => 1 - (1 - from) ** (1 - progress) * (1 - to) ** progress,
}
