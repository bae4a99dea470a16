"""The keys of ours in a stack's configuration, for who reads it as Pulumi's and who as a file."""

from typing import Final

SETTINGS: Final = "shop:settings"
"""All that a stack states of the shop."""

OFFLINE: Final = "shop:offline"
"""Set for a preview that reaches no cloud; the program refuses to change anything with it."""
