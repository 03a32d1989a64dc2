"""A step recorded on a CUDA device, to be taken again by one call instead of one for each of its operations."""

from __future__ import annotations

from collections.abc import Callable

import torch

_REHEARSALS = 3
"""Steps before the recording, so that the libraries have made what they make at their first call."""


def recorded(step: Callable[[], None], device: str) -> Callable[[], None] | None:
    """What takes `step` again, or None where it cannot be recorded.

    Parameters
    ----------
    step : always the same operations on the same memory of `device`, asking nothing of it. It is taken a few times:
        whatever it changes is to be put back afterwards.
    device : where it is not a CUDA device there is nothing to record, and `step` itself comes back.

    References
    ----------
    https://docs.pytorch.org/docs/stable/notes/cuda.html#cuda-graphs
    """
    if not device.startswith("cuda"):
        return step
    graph = torch.cuda.CUDAGraph()
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    try:
        with torch.cuda.stream(aside):
            for _ in range(_REHEARSALS):
                step()
        torch.cuda.current_stream().wait_stream(aside)
        # Other runs may be learning on the same device, each on a thread of its own.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            step()
    except RuntimeError:  # Which of the many reasons it was does not matter: the step can be taken without.
        torch.cuda.synchronize()
        return None
    return graph.replay
