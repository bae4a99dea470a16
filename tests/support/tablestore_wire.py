"""What travels between TableStore's SDK and the server that tests have: the server's half.

Messages are the SDK's own protobuf classes, rows its own plain buffers. Its reader takes answers
only: this one reads what a request holds as well, ends of ranges and kinds of changes.
"""

import struct
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, Final

from app.adapters.alicloud.sdk import sdk

sdk()  # the modules below are parts of it
_coded = import_module("tablestore.plainbuffer.plain_buffer_coded_stream")
_streams = import_module("tablestore.plainbuffer.plain_buffer_stream")
_consts = import_module("tablestore.const_module")
_crc8 = import_module("tablestore.plainbuffer.plain_buffer_crc8").PlainBufferCrc8
messages = import_module("tablestore.protobuf.table_store_pb2")
filters = import_module("tablestore.protobuf.table_store_filter_pb2")
auth = import_module("tablestore.auth")
Credentials = import_module("tablestore.credentials").Credentials

PUT, DELETE_ALL, DELETE_ONE, INCREMENT = 0, 1, 3, 4
"""What a change does to a column, by the type of its cell."""

LEAST: Final = (0, "")
MOST: Final = (2, "")
_CAPACITY = 64 * 1024 * 1024

Ordered = tuple[int, Any]
"""A part of a primary key, to be compared: LEAST, (1, its value) or MOST."""


class _Reader(_coded.PlainBufferCodedInputStream):  # type: ignore[misc, name-defined] # untyped
    """Reads one row of a request."""

    def __init__(self, buffer: bytes) -> None:
        super().__init__(_streams.PlainBufferInputStream(buffer))

    def read_primary_key_value(self, cell_check_sum: int) -> tuple[Any, int]:
        stream = self.input_stream
        kind = stream.buffer[stream.cur_pos + 4]  # after the length
        if kind not in {_consts.VT_INF_MIN, _consts.VT_INF_MAX}:
            value, checksum = super().read_primary_key_value(cell_check_sum)
            return (1, value), checksum
        stream.read_bytes(5)
        stream.read_tag()
        return LEAST if kind == _consts.VT_INF_MIN else MOST, _crc8.crc_int8(cell_check_sum, kind)

    def read_column(self, row_check_sum: int) -> tuple[str, tuple[int, Any], None, int]:
        stream = self.input_stream
        stream.read_tag()
        name = stream.read_utf_string(stream.read_raw_little_endian32())
        checksum = _crc8.crc_string(0, name)
        stream.read_tag()
        value, kind = None, PUT
        if self.get_last_tag() == _consts.TAG_CELL_VALUE:
            value, checksum = self.read_column_value(checksum)
        if self.get_last_tag() == _consts.TAG_CELL_TYPE:
            kind = ord(stream.read_raw_byte())
            checksum = _crc8.crc_int8(checksum, kind)
            stream.read_tag()
        assert self.get_last_tag() == _consts.TAG_CELL_CHECKSUM, "times of cells are not taken here"
        assert ord(stream.read_raw_byte()) == checksum
        stream.read_tag()
        return name, (kind, value), None, _crc8.crc_int8(row_check_sum, checksum)


def read(
    buffer: bytes,
) -> tuple[list[tuple[str, Ordered]], list[tuple[str, int, Any]]]:
    """A primary key, and the changes of columns: name, kind, value (or None)."""
    key, cells = _Reader(buffer).read_row()
    return key, [(name, kind, value) for name, (kind, value), _ in cells]


def read_value(buffer: bytes) -> Any:
    """A value by itself, as a comparison has it: a type and what follows."""
    kind, rest = buffer[0], buffer[1:]
    if kind == _consts.VT_INTEGER:
        return struct.unpack("<q", rest)[0]
    if kind == _consts.VT_BOOLEAN:
        return rest != b"\0"
    assert kind in {_consts.VT_STRING, _consts.VT_BLOB}, f"the type {kind} is not taken here"
    value = rest[4:]
    assert struct.unpack("<i", rest[:4])[0] == len(value)
    return value.decode() if kind == _consts.VT_STRING else bytearray(value)


def written(rows: Iterable[tuple[Sequence[tuple[str, Any]], Sequence[tuple[Any, ...]]]]) -> bytes:
    """Rows in one buffer: primary keys and columns (name, value, time); b"" for none."""
    stream = _streams.PlainBufferOutputStream(_CAPACITY)
    out = _coded.PlainBufferCodedOutputStream(stream)
    for number, (key, columns) in enumerate(rows):
        if number == 0:
            out.write_header()
        checksum = out.write_columns(columns, out.write_primary_key(key, 0))
        out.write_row_checksum(_crc8.crc_int8(checksum, 0))
    return bytes(stream.get_buffer())
