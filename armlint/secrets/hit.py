"""What a search for secrets finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date


class Hit(NamedTuple):
    """A secret in a text. Never holds the secret itself, only its place."""

    detector: str
    """Which detector found it, such as `storage-account-key` or `command-line-password`."""
    start: int
    end: int
    """The secret's own characters, half-open; of the whole encoded run when it was seen through decoding."""
    title: str
    """What it is, with its article, for messages: `an Azure storage account key`."""
    certain: bool
    """The checksum is right, or the shape leaves no doubt."""
    layer: str | None = None
    """The encoding that hid it, such as `base64`; None when it stands there in clear."""
    expires: date | None = None
    """The day a shared access signature ends."""
