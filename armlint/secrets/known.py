"""Keys that everybody knows, of emulators and of documentation.

They are kept as hashes, so that no scanner finds them here.
"""

from __future__ import annotations

from typing import Final

_SHA256: Final = frozenset(
    {
        "aa6547439583c3a275d4542a0df6c1ad6a863971be9f2a2220f027cc02aef615",  # Cosmos DB emulator
        "0011cc25eb4320717494d2703e8cba85743e71b500283c21c8b88147992f9059",  # Azure Storage emulators
        "7f75367e7881255134e1375e723d1dea8ad5f6a4fdb79d938df1f1754a830606",  # jwt.io
        "1a5d44a2dca19669d72edf4c4f1c27c4c1ca4b4408fbb17f6ce4ad452d78ddb3",  # AWS's documentation
    }
)
# Hashing takes an import of a millisecond; most texts have another length.
_LENGTHS: Final = frozenset({20, 88, 155})


def is_well_known(key: str) -> bool:
    """Whether this is the published key of an emulator or a sample of a token's documentation."""
    if len(key) not in _LENGTHS:
        return False
    from hashlib import sha256

    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest() in _SHA256
