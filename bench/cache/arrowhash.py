"""The content of Arrow tables and arrays, whatever their chunks, offsets and notes."""

from typing import Any

import numpy as np

from bench.cache.arrayhash import feed_values
from bench.cache.writer import Writer, unhashable

__all__ = ["feed_arrow", "feed_arrow_values"]


def feed_arrow(out: Writer, value: Any) -> bool:
    """Write a value of pyarrow; False for a kind that is not known."""
    import pyarrow as pa

    if isinstance(value, (pa.Table, pa.RecordBatch)):
        tag = b"table" if isinstance(value, pa.Table) else b"batch"
        out.part(tag, value.num_rows, value.num_columns)
        _schema(out, value.schema)
        for column in value.columns:
            feed_arrow_values(out, column)
    elif isinstance(value, (pa.Array, pa.ChunkedArray)):
        out.text(b"arrow", str(value.type))
        feed_arrow_values(out, value)
    elif isinstance(value, pa.Schema):
        _schema(out, value)
    elif isinstance(value, pa.DataType):
        out.text(b"arrowtype", str(value))
    elif isinstance(value, pa.Scalar):
        out.text(b"arrowscalar", str(value.type))
        feed_arrow_values(out, pa.array([value.as_py()], value.type))
    else:
        return False
    return True


def _schema(out: Writer, schema: Any) -> None:
    # Metadata are notes of the writer, with its version in them; names and types are content.
    for field in schema:
        out.text(b"name", field.name)
        out.text(b"type", f"{field.type} {'null' if field.nullable else 'not null'}")


def feed_arrow_values(out: Writer, values: Any) -> None:
    """Feed Arrow values as if they were one fresh chunk: no offset, zeros under the nulls."""
    import pyarrow as pa

    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)
        if isinstance(values, pa.ChunkedArray):
            values = pa.concat_arrays(values.chunks)
    kind = values.type
    out.part(b"values", len(values), values.null_count)
    if values.null_count:
        feed_values(out, np.asarray(values.is_valid().to_numpy(zero_copy_only=False)))
    if pa.types.is_dictionary(kind):
        feed_arrow_values(out, values.dictionary_decode())
    elif pa.types.is_null(kind):
        pass
    elif pa.types.is_boolean(kind):
        feed_values(out, values.fill_null(False).to_numpy(zero_copy_only=False))
    elif _is_text(pa, kind):
        _arrow_text(out, values)
    elif pa.types.is_struct(kind):
        for place, inner in enumerate(values.flatten()):
            out.text(b"name", kind.field(place).name)
            feed_arrow_values(out, inner)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        lengths = values.value_lengths().fill_null(0).cast(pa.int64())
        feed_values(out, lengths.to_numpy(zero_copy_only=False))
        feed_arrow_values(out, values.drop_null().flatten())
    elif pa.types.is_fixed_size_list(kind):
        feed_arrow_values(out, values.drop_null().flatten())
    elif isinstance(kind, pa.BaseExtensionType):
        feed_arrow_values(out, values.storage)
    else:
        _arrow_fixed(out, values)


def _is_text(pa: Any, kind: Any) -> bool:
    types = pa.types
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_string_view(kind)
        or types.is_binary_view(kind)
    )


def _arrow_text(out: Writer, values: Any) -> None:
    import pyarrow as pa

    text = values.drop_null() if values.null_count else values
    if pa.types.is_string(text.type) or pa.types.is_string_view(text.type):
        text = text.cast(pa.large_string())
    elif not pa.types.is_large_string(text.type):
        text = text.cast(pa.large_binary())
    if len(text) == 0:
        return
    _, offset_buffer, data = text.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[text.offset : text.offset + len(text) + 1]
    feed_values(out, np.diff(offsets))
    if data is not None:
        out.blob(b"text", memoryview(data)[int(offsets[0]) : int(offsets[-1])])


def _arrow_fixed(out: Writer, values: Any) -> None:
    import pyarrow as pa

    kind = values.type
    try:
        width = kind.bit_width
    except ValueError:
        width = 0
    if width == 0 or width % 8:
        raise unhashable(values, (), f"no canonical bytes for Arrow type {kind}")
    full = values.drop_null() if values.null_count else values
    if len(full) == 0:
        return
    raw = np.frombuffer(full.buffers()[1], np.uint8)
    size = width // 8
    raw = raw[full.offset * size : (full.offset + len(full)) * size]
    feed_values(out, raw.view(f"<f{size}") if pa.types.is_floating(kind) else raw)
