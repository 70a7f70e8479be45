/** What POST /v1/datasets takes, in both of its forms, and the scaling field. */
import { Type } from 'typebox'
import { EspalierError } from '../../../errors.ts'
import type { InputScaling } from '../../../datasets/dataset.ts'
import { validated } from '../../validation.ts'
import { uploaded } from '../models/form.ts'

const Scaling = Type.Object({
  scale: Type.Optional(Type.Number()),
  offset: Type.Optional(Type.Number()),
}, { additionalProperties: false, description: 'applied before the model: x * scale + offset' })

export const DatasetFromUpload = Type.Object({ ...uploaded, inputs: Type.Optional(Scaling) }, { additionalProperties: false })

export const DatasetForm = Type.Object({
  file: Type.String({ format: 'binary' }),
  name: Type.Optional(Type.String({ description: 'a label; the file name otherwise' })),
  inputs: Type.Optional(Scaling),
}, { additionalProperties: false })

/** The `inputs` part, as JSON text or already parsed; what is left out is scale 1, offset 0. */
export function scalingField (value: unknown): InputScaling {
  const { scale = 1, offset = 0 } = validated(Scaling, typeof value === 'string' ? parsed(value) : value, 'inputs')
  return { scale, offset }
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new EspalierError('invalid-request', 'part "inputs": must be JSON such as {"scale": 0.00392156862745098, "offset": 0}', {}, { cause })
  }
}
