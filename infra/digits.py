"""Quantities for people, in as few digits as tell them."""

from typing import Final

_TINY: Final = 1e-5  # a share that nobody counts


def number(value: float) -> str:
    """Three digits, or all that stand before the point."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def percent(share: float) -> str:
    """A share (0 to 1) in percent, in two digits."""
    return f"{100 * share:.2g} %" if share >= _TINY else f"under {100 * _TINY:g} %"
