"""Makes a newcomer's machine ready; needs nothing but Python 3.11 or newer.

    python3 tools/bootstrap.py [--extras aws,alicloud]   .venv with what tools/constraints.txt pins
    python3 tools/bootstrap.py --needs aws               the same, with a cloud's SDK added
    python3 tools/bootstrap.py --doctor                  what is here, and what is missing

The steps are in infra/cli/venv_setup.py. This file only finds an interpreter that is new enough,
so it has to be readable by an old one: no syntax newer than Python 3.4.
"""

import os
import shutil
import signal
import subprocess
import sys

OLDEST = (3, 11)
NEWEST = (3, 15)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    if sys.version_info < OLDEST:
        return hand_over(sys.argv)
    sys.path.insert(0, ROOT)
    # Unwinds, so that no installer goes on behind our back.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    arguments = sys.argv[1:]
    if arguments[:1] == ["--doctor"]:
        from infra.cli import doctor

        return doctor.main(arguments[1:])
    from infra.cli import venv_setup

    return venv_setup.main(arguments)


def hand_over(arguments):
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which("python3.%d" % minor)
        # A version manager's stand-in may be there without the version itself.
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found] + arguments)
    here = ".".join(str(part) for part in sys.version_info[:3])
    sys.stderr.write(
        "setup: Python %s (%s) is too old: this project needs Python 3.11 or newer, "
        "and no python3.11 … python3.15 is on PATH.\n"
        "→ Install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install "
        "python), then: make setup PYTHON=<that python>\n" % (here, sys.executable)
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
