"""What every part of the settings is: frozen, strict, and without unknown keys."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A mapping of a stack's file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
