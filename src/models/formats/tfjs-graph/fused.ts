/**
 * Nodes that the converter of TF.js fused, as the plain operations of TensorFlow that they stand for: some are known to TF.js alone, and TensorFlow's own
 * have no kernels for every combination. Source: tensorflowjs converters/fuse_prelu.py, fuse_depthwise_conv2d.py; tfjs-converter fused_ops.
 */
import { attribute, textsIn } from '../tensorflow/attributes.ts'
import { named, notRun } from '../tensorflow/fail.ts'
import { nodeOf, type GraphNode } from '../tensorflow/node-def.ts'

/** What is left of a fused node, by its operation: the attributes that stay with it. */
const PLAIN: Readonly<Record<string, { readonly op: string, readonly attributes: readonly string[] }>> = {
  _FusedConv2D: { op: 'Conv2D', attributes: ['T', 'strides', 'padding', 'explicit_paddings', 'data_format', 'dilations'] },
  FusedDepthwiseConv2dNative: { op: 'DepthwiseConv2dNative', attributes: ['T', 'strides', 'padding', 'explicit_paddings', 'data_format', 'dilations'] },
  _FusedMatMul: { op: 'MatMul', attributes: ['T', 'transpose_a', 'transpose_b'] },
}

/** Functions of one value. */
const ACTIVATIONS = new Set(['Relu', 'Relu6', 'Elu', 'Sigmoid', 'Tanh'])

/** Of a fused node: kernels and inputs; behind them come the arguments of what is fused. */
const OWN_INPUTS = 2

/** The nodes of a graph, each fused one in place of which stand several; the last of these has its name. */
export function unfused (nodes: readonly GraphNode[]): GraphNode[] {
  return nodes.flatMap((node) => {
    if (node.op === 'Prelu') return parts(node, (made) => { made.prelu(node.inputs[0] ?? '', node.inputs[1] ?? '') })
    return Object.hasOwn(PLAIN, node.op) ? split(node) : [node]
  })
}

function split (node: GraphNode): GraphNode[] {
  const { op, attributes } = PLAIN[node.op]!
  const functions = textsIn(node.attributes.get('fused_ops'))
  const waits = node.inputs.filter((input) => input.startsWith('^'))
  const values = node.inputs.slice(0, node.inputs.length - waits.length)
  const given = values.slice(OWN_INPUTS)
  return parts(node, (made) => {
    const kept = attributes.flatMap((name) => node.attributes.has(name) ? [[name, node.attributes.get(name)!] as const] : [])
    let value = made.add(op, [...values.slice(0, OWN_INPUTS), ...waits], Object.fromEntries(kept))
    for (const name of functions) {
      if (name === 'BiasAdd') value = made.bias(value, given.shift() ?? '')
      else if (name === 'Prelu') value = made.prelu(value, given.shift() ?? '')
      else if (name === 'LeakyRelu') value = made.add(name, [value], { T: made.type, ...(node.attributes.has('leakyrelu_alpha') && { alpha: node.attributes.get('leakyrelu_alpha')! }) })
      else if (ACTIVATIONS.has(name)) value = made.add(name, [value], { T: made.type })
      else throw notRun(`its graph has the operation ${node.op} (node ${named(node.name)}) fused with ${named(name)}, which is not run here`)
    }
  })
}

interface Maker {
  readonly type: Uint8Array
  /** Gives the name of the node. */
  add (op: string, inputs: readonly string[], attributes: Readonly<Record<string, Uint8Array>>): string
  bias (value: string, bias: string): string
  prelu (value: string, slope: string): string
}

/** The nodes that `make` adds; the last one gets the name of the whole. */
function parts (node: GraphNode, make: (maker: Maker) => void): GraphNode[] {
  const nodes: GraphNode[] = []
  const type = node.attributes.get('T') ?? attribute.type(1)
  const T = { T: type }
  const maker: Maker = {
    type,
    add (op, inputs, attributes) {
      const name = `${node.name}/unfused_${nodes.length}`
      nodes.push(nodeOf(name, op, inputs, attributes))
      return name
    },
    bias (value, bias) {
      const format = node.attributes.get('data_format')
      // A bias along the last axis is an addition, also of the products that the converter fuses as if they were one.
      return format !== undefined && Buffer.from(format).includes('NCHW') ? maker.add('BiasAdd', [value, bias], { ...T, data_format: format }) : maker.add('AddV2', [value, bias], T)
    },
    prelu (value, slope) {
      const below = maker.add('Relu', [maker.add('Neg', [value], T)], T)
      return maker.add('Sub', [maker.add('Relu', [value], T), maker.add('Mul', [slope, below], T)], T)
    },
  }
  make(maker)
  const last = nodes.pop()!
  return [...nodes, { ...last, name: node.name }]
}
