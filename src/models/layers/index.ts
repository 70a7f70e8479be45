/** The table of layer types: one line each. */
export type LayerTypeName = string
