/** The table of sights: one line for each kind of what criteria go by. */
import type { Observed } from '../../../pruning/criteria/index.ts'
import { meanActivations, zeroActivations } from './activations.ts'
import { companions } from './companions.ts'
import { flow } from './flow.ts'
import { scales } from './scales.ts'
import type { OpenSight } from './sight.ts'
import { gradients, inputs, squaredGradients, unitProducts } from './weights.ts'

export const SIGHTS = { inputs, gradients, squaredGradients, unitProducts, zeroActivations, meanActivations, scales, companions, flow } as const satisfies Readonly<Record<keyof Observed, OpenSight>>
