"""The layers of Weir: which folder may use which. tools/style judges includes by it, tests/layers judges symbols."""

BELOW_CLUSTER = {"proto", "base", "codec", "security"}
CLUSTER = BELOW_CLUSTER | {"cluster"}

# A layer may use itself, the layers named here, and (all but proto) every public header.
USES = {
    "proto": set(),
    "base": set(),
    "codec": {"base"},
    "security": {"base", "proto"},
    "cluster": BELOW_CLUSTER,
    "source": CLUSTER,
    "sink": CLUSTER,
    "group": CLUSTER,
    "format": set(),
    "model": {"proto", "base", "codec"},
    "pipeline": CLUSTER | {"source", "sink", "group", "format"},
    "posix": CLUSTER | {"source", "sink", "group", "format", "pipeline"},
}

# A program of tools/ sees public headers only, but for those of the layers named here.
TOOLS_SEE = {"devbroker": {"model"}}

# Layers that are deterministic state machines: no operating system, no heap, no clock.
CORE = [layer for layer in USES if layer not in ("posix", "format")]

# The codec of the wire is a library of its own, so it sees these public headers only.
PROTO_HEADERS = {"types.h", "wire.h", "record.h", "proto.h", "messages.h"}

# System headers that any layer may include: values, limits, pure functions and
# the processor's own instructions (x86's *mmintrin.h too).
PURE_HEADERS = {
    "assert.h", "float.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h", "stdint.h",
    "stdio.h", "stdlib.h", "stdnoreturn.h", "string.h",
    "arm_acle.h", "arm_neon.h", "cpuid.h",
}

# Headers of foreign libraries, by the layer that wraps them.
FOREIGN_HEADERS = {
    "codec": ("zlib.h", "lz4", "zstd", "snappy-c.h"),
    "security": ("openssl/", "sasl/"),
    "format": ("yyjson.h", "avro", "jansson.h"),
}


def seen_by_tool(path):
    """The layers whose private headers a file of tools/ may include."""
    return TOOLS_SEE.get(path.split("/")[1], set())


def folder(layer):
    """Where a layer's sources are, from the top of the repository."""
    return "proto" if layer == "proto" else "src/" + layer


def layer_of(path):
    """The layer that a file belongs to, or None."""
    parts = path.split("/")
    if parts[0] == "proto":
        return "proto"
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None
