/** Files of a SavedModel, within its folder. */
export const MODEL = 'saved_model.pb'
export const INDEX = 'variables/variables.index'
