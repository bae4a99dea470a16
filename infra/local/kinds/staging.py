"""Code that the provider stages, so that what runs is a copy of what was planned."""

from pathlib import Path

from infra import bundle
from infra.errors import PlatformError
from infra.local.kinds.kind import Plain
from infra.local.places import Places


def staged(places: Places, inputs: Plain, what: str) -> str:
    """The folder with the code that `inputs` name by source, modules and fingerprint.

    Raises PlatformError when the code of `what` is not what was planned.
    """
    places.prepare()
    files = bundle.closure(Path(inputs["source"]), inputs["modules"])
    if bundle.fingerprint(files) != inputs["fingerprint"]:
        raise PlatformError(f"the code of {what} changed while `up` ran; run it again")
    return str(bundle.stage(files, places.code))


def as_staged(spec: Plain) -> Plain:
    """What runs, without its folder; another fingerprint where that folder is gone."""
    gone = {} if Path(spec["code"]).is_dir() else {"fingerprint": "its staged code is gone"}
    return {**{name: value for name, value in spec.items() if name != "code"}, **gone}
