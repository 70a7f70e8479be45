/** Lowers pooling over windows and over everything. */
import type { GlobalPoolingConfig, PoolingConfig } from '../../layers/pooling.ts'
import { slide } from '../../layers/shapes.ts'
import { knownShape, type GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import type { Pooling } from '../operators.ts'
import { asImage, channelsBack, channelsLast, spatialAxes } from './layout.ts'
import { unary, type Lowering } from './lowering.ts'

export const pooling: Lowering<PoolingConfig> = unary((g, c, x) => channelsBack(g, pooled(g, c, channelsLast(g, x, c.format)), c.format))

export const globalPooling: Lowering<GlobalPoolingConfig> = (g, c, [x], { masks: [mask] }) => {
  const axes = spatialAxes(c.format, x!.shape.length)
  if (c.mode === 'max') return [g.reduce('max', x!, axes, c.keepAxes)]
  // Of layers that average, Keras' one for sequences leaves masked steps out.
  if (mask === undefined || x!.shape.length !== 3) return [g.reduce('mean', x!, axes, c.keepAxes)]
  const kept = g.expand(g.cast(mask, 'float32'), c.format === 'channels_last' ? 2 : 1)
  return [g.div(g.reduce('sum', g.mul(x!, kept), axes, c.keepAxes), g.reduce('sum', kept, axes, c.keepAxes))]
}

function pooled (g: GraphBuilder, { rank, mode, size, strides, padding }: PoolingConfig, x: Value): Value {
  const run = (image: Value, window: Pooling) => poolImage(g, mode, image, window)
  if (rank === 1) return asImage(g, x, (image) => run(image, { size: [1, ...size], strides: [1, ...strides], padding }))
  if (rank === 2) return run(x, { size, strides, padding })
  // Over the last two axes, then over the first: the windows of a plane all have as many values.
  const [batch, depth, height, width, channels] = x.shape as [number | null, ...number[]]
  const [deep] = knownShape([depth!], g.layer)
  const flat = run(g.reshape(x, [batch === null ? null : batch * deep!, height!, width!, channels!]), { size: size.slice(1), strides: strides.slice(1), padding })
  const [, rows, columns] = flat.shape as number[]
  const y = run(g.reshape(flat, [batch, deep!, rows! * columns!, channels!]), { size: [size[0]!, 1], strides: [strides[0]!, 1], padding })
  return g.reshape(y, [batch, y.shape[1]!, rows!, columns!, channels!])
}

function poolImage (g: GraphBuilder, mode: PoolingConfig['mode'], x: Value, window: Pooling): Value {
  const spatial = slide(x.shape.slice(1, 3), { ...window, sizes: window.size, dilation: [1, 1] })
  return g.apply(mode === 'max' ? 'maxPool' : 'averagePool', [x], [x.shape[0]!, ...spatial, x.shape[3]!], window)
}
