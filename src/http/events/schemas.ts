/** Schemas of routes that answer with a stream of events. */
import { Type } from 'typebox'

export const StreamQuery = Type.Object({
  lastEventId: Type.Optional(Type.String({ maxLength: 100, description: 'the same as the header Last-Event-ID, for clients that cannot set one' })),
}, { additionalProperties: false })

export const StreamHeaders = Type.Object({
  'last-event-id': Type.Optional(Type.String({ description: '`id` of the last event that came: the stream goes on behind it' })),
})

export function eventStream (description: string) {
  return { description, content: { 'text/event-stream': { schema: Type.String() } } }
}
