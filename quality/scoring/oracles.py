"""Independent implementations that tests and users compare our metrics with.

scikit-image's SSIM and the LPIPS authors' own package.
"""

import contextlib
import warnings
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from framegate.quality.metrics.lpips import load_weights

Pixels = NDArray[np.uint8]


def skimage_ssim(reference: Pixels, clip: Pixels) -> float:
    """scikit-image's SSIM with the settings that its documentation gives for Wang et al. 2004."""
    return float(
        structural_similarity(
            reference,
            clip,
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
        )
    )


@torch.inference_mode()
def package_lpips(reference: Pixels, clip: Pixels) -> float:
    """The ``lpips`` package's distance, with the trunk weights that ours uses."""
    tensors = [
        torch.from_numpy(frame).permute(2, 0, 1)[None].float() / 127.5 - 1.0
        for frame in (reference, clip)
    ]
    return float(lpips_network()(*tensors))


@cache
def lpips_network() -> Any:
    declare_torchvision_operators()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own, about torchvision's old arguments
        import lpips

        network = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    slices = {"features.0": "1.0", "features.3": "2.3", "features.6": "3.6", "features.8": "4.8"}
    slices["features.10"] = "5.10"
    trunk = {
        f"slice{place}.{kind}": load_weights(torch.device("cpu"))[f"{layer}.{kind}"]
        for layer, place in slices.items()
        for kind in ("weight", "bias")
    }
    network.net.load_state_dict(trunk)
    return network.eval()


@cache
def declare_torchvision_operators() -> None:
    """Make ``import torchvision``, which the package needs, possible beside a CPU-only torch.

    torchvision describes two compiled operators at import and fails when they do not exist.
    """
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
    for operator in (
        "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
        "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    ):
        with contextlib.suppress(RuntimeError):  # already there: the operators are real
            library.define(operator)  # type: ignore[no-untyped-call]
    LOADED_LIBRARIES.append(library)


LOADED_LIBRARIES: list[
    torch.library.Library
] = []  # a library undefines its operators when it is collected
