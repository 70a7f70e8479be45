/** Schemas of routes that answer with a stream of events. */
import { Type } from 'typebox'

export const StreamQuery = Type.Object({
  lastEventId: Type.Optional(Type.String({ maxLength: 100, description: 'the same as the header Last-Event-ID, for clients that cannot set one' })),
}, { additionalProperties: false })

export const StreamHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ description: '`id` of the last event that came: the stream goes on behind it' })),
})

/** The whole stream as text, or one of its messages with its fields: what reads OpenAPI 3.1 takes the schema of a stream for the one or the other. */
const Stream = Type.Union([
  Type.String({ description: 'messages, with an empty line behind each; lines that begin with a colon are beats' }),
  Type.Object({
    event: Type.String({ description: 'what the message tells' }),
    id: Type.Optional(Type.String({ description: 'for Last-Event-ID' })),
    data: Type.String({ description: 'JSON' }),
  }, { description: 'a message' }),
])

export function eventStream (description: string) {
  return { description, content: { 'text/event-stream': { schema: Stream } } }
}
