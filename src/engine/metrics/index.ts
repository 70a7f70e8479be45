/** The table of evaluation tasks: one line each. */
import { createBinary } from './binary.ts'
import { createClassification } from './classification.ts'
import { createRegression } from './regression.ts'
import type { Task } from './metric.ts'

export const TASKS = {
  classification: {
    description: 'one class of several; labels are class indices or one-hot rows',
    metrics: ['accuracy', 'top5'],
    create: (context) => createClassification(context),
  },
  binary: {
    description: 'yes or no, one output',
    metrics: ['accuracy', 'precision', 'recall'],
    create: (context) => createBinary(context, { exactMatch: false, meanIoU: false }),
  },
  'multi-label': {
    description: 'several independent yes-or-no labels',
    metrics: ['accuracy', 'precision', 'recall', 'exactMatch'],
    create: (context) => createBinary(context, { exactMatch: true, meanIoU: false }),
  },
  regression: {
    description: 'real values',
    metrics: ['mse', 'mae', 'r2'],
    create: () => createRegression(),
  },
  segmentation: {
    description: 'a class, or yes or no, at every position',
    metrics: ['accuracy', 'meanIoU'],
    create: (context) => context.classes === 1
      ? createBinary(context, { exactMatch: false, meanIoU: true })
      : createClassification(context, { meanIoU: true }),
  },
} as const satisfies Record<string, Task>

export type TaskName = keyof typeof TASKS
export const TASK_NAMES = Object.keys(TASKS) as TaskName[]
export type { Accumulator, OutputContext, Scores, Task } from './metric.ts'
