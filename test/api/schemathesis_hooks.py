"""What schemathesis must be told of media types that it does not know: pieces of uploads are bytes."""
import schemathesis

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
