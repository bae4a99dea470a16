"""How much memory a process holds."""

import os
from typing import Final

_MB: Final = 1024 * 1024


def resident_mb(pid: int) -> float | None:
    """Its resident set in MB; None where the system does not tell, or the process is gone.

    Read from Linux's /proc in about ten microseconds. Elsewhere a program would have to be run
    for it, which costs more than the answer is worth: there nothing is known. Pages that workers
    share with the zygote count in each of them.
    """
    try:
        statm = os.open(f"/proc/{pid}/statm", os.O_RDONLY)
    except OSError:
        return None
    try:
        pages = int(os.read(statm, 128).split()[1])
    except (OSError, LookupError):  # it ends just now
        return None
    finally:
        os.close(statm)
    return pages * os.sysconf("SC_PAGE_SIZE") / _MB
