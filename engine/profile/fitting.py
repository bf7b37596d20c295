"""Whether what was learnt fits the model that ships: for whoever lists, opens or imports profiles.

No torch. It refuses to judge adapters of other weights: those are kept and not used.
"""

from functools import cache

from engine.adapt.adapter import Adapter, AdapterError, merged
from engine.model import checkpoint


@cache
def shipped_prior() -> str:
    """Fingerprint of the shipped weights; "" where there are none."""
    try:
        return checkpoint.fingerprint(checkpoint.SHIPPED)
    except OSError:
        return ""


def fits_shipped(adapter: Adapter) -> None:
    """Raises AdapterError for an adapter of the shipped weights that does not fit their shapes."""
    if adapter.prior != shipped_prior():
        return
    try:
        tensors, _ = checkpoint.load(checkpoint.SHIPPED)
    except checkpoint.CheckpointError as error:
        raise AdapterError(str(error)) from error
    merged(tensors, adapter)
