/** The table of model formats: one line each. */
export type FormatName = 'keras' | 'keras-h5' | 'tfjs-layers'
