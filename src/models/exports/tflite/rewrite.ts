/** Changes a TFLite model by operators: what the variants with other numbers are made with. */
import type { TfliteModel, TfliteOperator, TfliteTensor } from './model.ts'

export class TfliteRewriter {
  readonly tensors: TfliteTensor[]
  readonly operators: TfliteOperator[] = []
  readonly #model: TfliteModel

  constructor (model: TfliteModel) {
    this.#model = model
    this.tensors = [...model.tensors]
  }

  push (tensor: TfliteTensor): number {
    return this.tensors.push(tensor) - 1
  }

  add (builtin: TfliteOperator['builtin'], inputs: readonly number[], outputs: readonly number[], version = 1): void {
    this.operators.push({ builtin, version, inputs, outputs, options: {} })
  }

  done (ends: Partial<Pick<TfliteModel, 'inputs' | 'outputs'>> = {}): TfliteModel {
    return { ...this.#model, tensors: this.tensors, operators: this.operators, ...ends }
  }
}

/** Is it a constant of float32? */
export function isWeight ({ type, data }: TfliteTensor): boolean {
  return type === 'float32' && data !== undefined
}
