"""A package as one zip: the same bytes for the same files, on any machine, at any time."""

import io
import zipfile
from collections.abc import Iterable
from typing import Final

from infra.closure import SourceFile

_READABLE: Final = 0o644 << 16  # a zip has a file's mode in its upper half


def zip_of(files: Iterable[SourceFile]) -> bytes:
    """The files as a zip, sorted, without times."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(files):
            info = zipfile.ZipInfo(file.path)
            info.external_attr = _READABLE
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, file.content)
    return whole.getvalue()
