/** The form of a model upload, for the documentation; the parts are checked as they come in. */
import { Type } from 'typebox'

export const File = Type.String({ format: 'binary' })

export const ModelForm = Type.Object({
  file: Type.Union([File, Type.Array(File)], { description: 'the model file, or model.json and its *.bin files' }),
  name: Type.Optional(Type.String({ description: 'a label; the file name otherwise' })),
}, { additionalProperties: false })
