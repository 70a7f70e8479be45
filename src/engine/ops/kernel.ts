/** Operations of our own whose gradients are computed only for the inputs that need one; tf.customGrad computes all of them. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'

export interface Backward<C, I extends string> {
  /** Of the first output; no other has a gradient. */
  readonly dy: Tensor
  readonly inputs: Readonly<Record<I, Tensor>>
  readonly outputs: readonly Tensor[]
  readonly c: C
}

export interface OwnKernel<C, I extends string> {
  readonly name: string
  readonly inputs: readonly I[]
  /** How many there are; 1 unless said. */
  readonly outputs?: number
  forward (inputs: Readonly<Record<I, Tensor>>, c: C): Tensor[]
  /** The function of an input is called only when its gradient is asked for. Inputs without one (labels) are left out. */
  gradients (backward: Backward<C, I>): Partial<Record<I, () => Tensor>>
}

/** Registers a kernel and its gradients with the native backend and gives the function that runs it. Once per name and process. */
export function ownKernel<C, I extends string> (kernel: OwnKernel<C, I>): (inputs: Readonly<Record<I, Tensor>>, c: C) => Tensor[] {
  const kernelName = `Espalier${kernel.name}`
  const settings = (attrs: unknown) => (attrs as { readonly c: C }).c
  tf.registerKernel({
    kernelName,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => kernel.forward(inputs as Record<I, Tensor>, settings(attrs))),
  })
  tf.registerGradient({
    kernelName,
    inputsToSave: [...kernel.inputs],
    outputsToSave: new Array<boolean>(kernel.outputs ?? 1).fill(true),
    gradFunc: (dy, saved, attrs) => kernel.gradients({
      dy: Array.isArray(dy) ? dy[0]! : dy,
      inputs: Object.fromEntries(kernel.inputs.map((name, index) => [name, saved[index]!])) as Record<I, Tensor>,
      outputs: saved.slice(kernel.inputs.length),
      c: settings(attrs),
    }) as Record<string, () => Tensor>,
  })
  return (inputs, c) => tf.engine().runKernel(kernelName, { ...inputs }, { c } as unknown as tf.NamedAttrMap)
}
