/** What POST /v1/models takes: a form, whose parts are checked as they come in, or JSON that names an upload. */
import { Type } from 'typebox'

export const File = Type.String({ format: 'binary' })

/** Of a finished upload. */
export const uploaded = {
  upload: Type.String({ minLength: 1, maxLength: 100, description: 'id of an upload that has all its bytes; it ends with this' }),
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: '\\S', description: 'a label; the file name otherwise' })),
}

export const ModelFromUpload = Type.Object(uploaded, { additionalProperties: false })

export const ModelForm = Type.Object({
  file: Type.Union([File, Type.Array(File)], { description: 'the model file, or model.json and its *.bin files' }),
  name: Type.Optional(Type.String({ description: 'a label; the file name otherwise' })),
}, { additionalProperties: false })
