"""What schemathesis must be told: of media types that it does not know, and of tuples, which it turns into a form that its own check of schemas refuses."""
import schemathesis

# Pieces of uploads are bytes.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Each place of a tuple may hold what any of its places holds: what stands where is tested with the route."""
    waiting = [raw_schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if isinstance(node.get("prefixItems"), list):
                node["items"] = {"anyOf": node.pop("prefixItems")}
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
