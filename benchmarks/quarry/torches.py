"""torch: torch.*, torch.special.*, torch.nn.functional.* and torch.linalg.*, with the arguments of each.

One idea: the public names are the list; a name that is not here by hand is tried, and left out only
if it has nothing to differentiate.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigrad.testing import strategies as gst
from minigrad.testing.adapters import from_torch

from .calls import (
    AWAY,
    DOMAINS,
    PART,
    POSITIVE,
    REAL,
    SMALL,
    Call,
    Draw,
    arrays,
    axis,
    elementwise,
    guessed,
    regular,
    shaped,
    square,
)

adapter = from_torch

MODULES = ("torch", "torch.special", "torch.nn.functional", "torch.linalg")

NO_TRIAL = [
    "set_",
    "is_",
    "get_",
    "save",
    "load",
    "import_",
    "compile",
    "fork",
    "from_",
    "seed",
    "initial_seed",
    "manual_seed",
    "rand",
    "randn",
    "normal",
    "bernoulli",
    "multinomial",
    "poisson",
    "binomial",
    "dropout",
    "alpha_dropout",
    "feature_",
    "empty",
    "native_dropout",
    "cudnn_",
    "miopen_",
    "mkldnn_",
    "fbgemm_",
    "quantize",
    "fake_quantize",
    "q_",
    "sparse_",
    "sym_",
    "parse_",
    "prepare_",
    "wait",
    "while_loop",
    "unify_",
    "merge_",
    "typename",
    "vmap",
    "init_num",
    "profiler_",
    "autocast_",
    "clear_autocast",
    "use_deterministic",
    "are_deterministic",
    "thread_safe",
    "lu",
    "cholesky",
    "to_dlpack",
    "handle_torch",
    "has_torch",
    "assert_",
    "boolean_dispatch",
    "gumbel_softmax",
    "rrelu",
    "fractional_max",
    "scaled_mm",
    "scaled_grouped",
    "grouped_mm",
    "Optional",
    "classproperty",
    "compiled_with",
    "promote_types",
    "can_cast",
    "result_type",
    "broadcast_shapes",
    "quantized_",
    "hash_tensor",
    "nextafter",
    "fused_moving",
    "choose_qparams",
    "svd_lowrank",
    "pca_lowrank",
    "lobpcg",
]
"""Beginnings of names that are not tried: random, stateful, of other devices, or of no numbers."""


def _dims(function: Any, **fixed: Any) -> Any:
    return lambda x, options: function(x, dim=options["axis"], keepdim=options["keepdims"], **fixed)


def _dim(function: Any, **fixed: Any) -> Any:
    return lambda x, dim: function(x, dim=dim, **fixed)


def _first(function: Any) -> Any:
    return lambda x, dim: function(x, dim=dim)[0]


def _image(*shape: int) -> Draw:
    return arrays(shape, domain=SMALL)


def _hermitian(function: Any) -> Any:
    return lambda x: function(x + x.mT)


def table(torch: Any) -> Iterator[tuple[str, Any, Draw]]:
    """Yield (name, function, arguments) of all that is written by hand."""
    functional, special, linalg = torch.nn.functional, torch.special, torch.linalg
    several = shaped(lambda shape: gst.reductions(shape, allow_none=False, allow_empty=False).filter(
        lambda options: options["axis"] != ()), empty=False)  # fmt: skip
    one, full = shaped(axis), shaped(axis, empty=False)

    for name in ("sum", "mean", "nansum", "nanmean", "amax", "amin", "logsumexp", "std", "var"):
        yield f"torch.{name}", _dims(getattr(torch, name)), several
    for name in ("sum", "mean", "prod", "max", "min", "std", "var", "median", "nanmedian"):
        yield f"torch.{name} of all", getattr(torch, name), shaped(least=0, empty=False)
    for correction in (0, 1, 2):
        yield (
            f"torch.var correction={correction}",
            _dim(torch.var, correction=correction),
            arrays((2, 3), others=st.integers(-2, 1)),
        )
        yield (
            f"torch.std correction={correction}",
            _dim(torch.std, correction=correction),
            arrays((2, 3), others=st.integers(-2, 1)),
        )
    for name in ("prod", "cumsum", "cumprod", "logcumsumexp", "softmax", "log_softmax", "diff", "unbind"):
        function = getattr(torch, name)
        yield f"torch.{name}", (lambda x, dim, f=function: f(x, dim)[0]) if name == "unbind" else _dim(function), full
    for name in ("max", "min", "median", "nanmedian", "cummax", "cummin", "sort", "mode"):
        yield f"torch.{name}", _first(getattr(torch, name)), full
    yield "torch.kthvalue", lambda x: torch.kthvalue(x, 2, dim=-1)[0], arrays((2, 3))
    yield "torch.topk", lambda x: torch.topk(x, 2, dim=-1)[0], arrays((2, 3))
    yield "torch.quantile", lambda x: torch.quantile(x, 0.25, dim=-1), arrays((2, 4), domain=SMALL)
    for how in ("lower", "higher", "midpoint", "nearest"):
        yield (
            f"torch.quantile {how}",
            lambda x, how=how: torch.quantile(x, 0.3, interpolation=how),
            arrays((4,), domain=SMALL),
        )
    yield "torch.nanquantile", lambda x: torch.nanquantile(x, 0.25), arrays((4,), domain=SMALL)
    yield "torch.aminmax", lambda x: tuple(torch.aminmax(x)), arrays((3,))
    yield "torch.std_mean", lambda x: torch.std_mean(x), arrays((3,))
    yield "torch.var_mean", lambda x: torch.var_mean(x), arrays((3,))
    yield "torch.cov", torch.cov, arrays((2, 3))
    yield "torch.corrcoef", torch.corrcoef, arrays((2, 3))
    yield "torch.msort", torch.msort, arrays((3, 2))
    yield "torch.trapezoid", lambda y, x: torch.trapezoid(y, x), arrays((3,), (3,))
    yield "torch.cumulative_trapezoid", lambda y, x: torch.cumulative_trapezoid(y, x), arrays((3,), (3,))
    yield "torch.gradient", lambda x: torch.gradient(x)[0], arrays((4,))
    for p in (0, 0.5, 1, 2, 3, float("inf"), float("-inf")):
        yield f"torch.norm p={p}", lambda x, p=p: torch.norm(x, p), shaped(least=0, empty=False)
        yield f"torch.linalg.vector_norm ord={p}", lambda x, dim, p=p: linalg.vector_norm(x, p, dim=dim), full
        yield f"torch.dist p={p}", lambda x, y, p=p: torch.dist(x, y, p), arrays((3,), (3,))
        yield f"torch.renorm p={p}", lambda x, p=p: torch.renorm(x, p, 0, 1.0), arrays((2, 2))
        if p >= 0:
            yield f"torch.cdist p={p}", lambda x, y, p=p: torch.cdist(x, y, p), arrays((2, 2), (1, 2))
            yield f"torch.pdist p={p}", lambda x, p=p: torch.pdist(x, p), arrays((3, 2))
        yield (
            f"torch.nn.functional.pairwise_distance p={p}",
            lambda x, y, p=p: functional.pairwise_distance(x, y, p),
            arrays((2, 2), (2, 2)),
        )
        yield f"torch.nn.functional.normalize p={p}", lambda x, p=p: functional.normalize(x, p), arrays((2, 2))
    for p in ("fro", "nuc", 1, -1, 2, -2, float("inf")):
        yield f"torch.linalg.matrix_norm ord={p}", lambda x, p=p: linalg.matrix_norm(x, p), arrays((2, 3), domain=SMALL)
        if p != "nuc":
            yield f"torch.linalg.cond p={p}", lambda x, p=p: linalg.cond(x, p), regular((2, 2))
    yield "torch.linalg.norm", linalg.norm, shaped(least=1, most=2, empty=False)

    # elementwise, with more than arrays
    yield "torch.clamp", lambda x: torch.clamp(x, -1.0, 1.0), elementwise(SMALL)
    yield "torch.clamp tensors", lambda x, a, b: torch.clamp(x, a, b), elementwise(SMALL, SMALL, SMALL)
    yield "torch.clamp min", lambda x, a: torch.clamp(x, min=a), elementwise(SMALL, SMALL)
    yield "torch.lerp", lambda x, y, w: torch.lerp(x, y, w), elementwise(REAL, REAL, SMALL)
    yield "torch.addcmul", lambda x, a, b: torch.addcmul(x, a, b, value=3), elementwise(REAL, REAL, REAL)
    yield "torch.addcdiv", lambda x, a, b: torch.addcdiv(x, a, b, value=3), elementwise(REAL, REAL, REAL)
    yield "torch.add alpha", lambda x, y: torch.add(x, y, alpha=3), elementwise(REAL, REAL)
    yield "torch.sub alpha", lambda x, y: torch.sub(x, y, alpha=3), elementwise(REAL, REAL)
    yield "torch.div trunc", lambda x, y: torch.div(x, y, rounding_mode="trunc"), elementwise(REAL, REAL)
    for n in (-2.0, -1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0):
        yield f"torch.pow exponent={n}", lambda x, n=n: torch.pow(x, n), elementwise(SMALL)
    yield "torch.pow negative base", lambda x: torch.pow(x, torch.tensor(3.0, dtype=x.dtype)), elementwise(SMALL)
    for n in (0.0, 0.5, 2.0):
        yield f"torch.pow base={n}", lambda y, n=n: torch.pow(n, y), elementwise(SMALL)
    yield "torch.ldexp", lambda x: torch.ldexp(x, torch.tensor(2)), elementwise(REAL)
    yield "torch.ldexp floats", lambda x, n: torch.ldexp(x, n), elementwise(REAL, SMALL)
    yield "torch.where", lambda x, y: torch.where(x > 0, x, y), elementwise(SMALL, SMALL)
    yield "torch.nan_to_num", torch.nan_to_num, elementwise(REAL)
    yield "torch.mvlgamma", lambda x: torch.mvlgamma(x + 1, 2), elementwise(AWAY)
    for n in (0, 1, 2, 3):
        yield f"torch.polygamma n={n}", lambda x, n=n: torch.polygamma(n, x), elementwise(AWAY)
    yield "torch.igamma", lambda x: torch.igamma(torch.tensor(1.5, dtype=x.dtype), x), elementwise(POSITIVE)
    yield "torch.igammac", lambda x: torch.igammac(torch.tensor(1.5, dtype=x.dtype), x), elementwise(POSITIVE)
    yield "torch.special.zeta", lambda x: special.zeta(x + 1, torch.tensor(1.5, dtype=x.dtype)), elementwise(AWAY)
    yield "torch.special.zeta q", lambda q: special.zeta(torch.tensor(2.5, dtype=q.dtype), q), elementwise(AWAY)
    yield "torch.logit eps", lambda x: torch.logit(x, eps=0.25), elementwise(PART)
    for name, domain in DOMAINS.items():
        for module in (torch, special):
            if hasattr(module, name) and len(domain) == 1:
                yield f"{module.__name__}.{name}", getattr(module, name), elementwise(*domain)

    # activations with options
    yield "torch.nn.functional.elu alpha", lambda x: functional.elu(x, alpha=0.5), elementwise(REAL)
    yield "torch.celu alpha", lambda x: torch.celu(x, alpha=0.5), elementwise(REAL)
    yield "torch.nn.functional.leaky_relu", lambda x: functional.leaky_relu(x, 0.25), elementwise(REAL)
    yield "torch.nn.functional.leaky_relu negative", lambda x: functional.leaky_relu(x, -0.5), elementwise(REAL)
    yield "torch.nn.functional.gelu tanh", lambda x: functional.gelu(x, approximate="tanh"), elementwise(REAL)
    yield "torch.nn.functional.softplus", lambda x: functional.softplus(x, beta=2, threshold=5), elementwise(REAL)
    yield "torch.nn.functional.hardtanh", lambda x: functional.hardtanh(x, -0.5, 2.0), elementwise(SMALL)
    yield "torch.nn.functional.softshrink", lambda x: functional.softshrink(x, 0.5), elementwise(SMALL)
    yield "torch.nn.functional.hardshrink", lambda x: functional.hardshrink(x, 0.5), elementwise(SMALL)
    yield "torch.nn.functional.threshold", lambda x: functional.threshold(x, 0.5, 0.5), elementwise(SMALL)
    yield "torch.nn.functional.rrelu eval", lambda x: functional.rrelu(x, training=False), elementwise(REAL)
    yield "torch.nn.functional.prelu", lambda x, w: functional.prelu(x, w), arrays((1, 2, 2), (2,))
    yield "torch.nn.functional.glu", lambda x: functional.glu(x, dim=-1), arrays((2, 4))
    for name in ("softmax", "log_softmax", "softmin"):
        yield f"torch.nn.functional.{name}", _dim(getattr(functional, name)), full
    yield "torch.special.softmax", lambda x, dim: special.softmax(x, dim), full

    # losses
    for reduction in ("none", "mean", "sum"):
        options = {"reduction": reduction}
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"):
            loss = getattr(functional, name)
            yield (
                f"torch.nn.functional.{name} {reduction}",
                lambda x, y, f=loss, o=options: f(x, y, **o),
                arrays((2, 2), (2, 2), domain=SMALL),
            )
        yield (
            f"torch.nn.functional.soft_margin_loss {reduction}",
            lambda x, o=options: functional.soft_margin_loss(x, torch.tensor([1.0, -1.0, 1.0], dtype=x.dtype), **o),
            arrays((3,)),
        )
        yield (
            f"torch.nn.functional.binary_cross_entropy {reduction}",
            lambda x, y, o=options: functional.binary_cross_entropy(x, y, **o),
            arrays((3,), (3,), domain=PART),
        )
        yield (
            f"torch.nn.functional.binary_cross_entropy_with_logits {reduction}",
            lambda x, y, o=options: functional.binary_cross_entropy_with_logits(x, y, **o),
            arrays((3,), (3,)),
        )
        yield (
            f"torch.nn.functional.binary_cross_entropy_with_logits pos_weight {reduction}",
            lambda x, y, w, o=options: functional.binary_cross_entropy_with_logits(x, y, pos_weight=w, **o),
            arrays((3,), (3,), (3,)),
        )
        yield (
            f"torch.nn.functional.kl_div {reduction}",
            lambda x, y, o=options: functional.kl_div(x, y, **o),
            arrays((2, 2), (2, 2), domain=PART),
        )
        yield (
            f"torch.nn.functional.kl_div log_target {reduction}",
            lambda x, y, o=options: functional.kl_div(x, y, log_target=True, **o),
            arrays((2, 2), (2, 2), domain=SMALL),
        )
        yield (
            f"torch.nn.functional.poisson_nll_loss {reduction}",
            lambda x, y, o=options: functional.poisson_nll_loss(x, y, full=False, **o),
            arrays((3,), (3,), domain=SMALL),
        )
        yield (
            f"torch.nn.functional.poisson_nll_loss full {reduction}",
            lambda x, o=options: functional.poisson_nll_loss(
                x, torch.tensor([0.0, 1.0, 3.0], dtype=x.dtype), full=True, **o
            ),
            arrays((3,), domain=AWAY),
        )
        yield (
            f"torch.nn.functional.gaussian_nll_loss {reduction}",
            lambda x, y, v, o=options: functional.gaussian_nll_loss(x, y, v, **o),
            arrays((2, 2), (2, 2), (2, 2), domain=AWAY),
        )
        yield (
            f"torch.nn.functional.cross_entropy {reduction}",
            lambda x, o=options: functional.cross_entropy(x, torch.tensor([1, 0]), **o),
            arrays((2, 3)),
        )
        yield (
            f"torch.nn.functional.cross_entropy smoothing {reduction}",
            lambda x, w, o=options: functional.cross_entropy(
                x, torch.tensor([1, 0]), weight=w, label_smoothing=0.25, **o
            ),
            arrays((2, 3), (3,), domain=AWAY),
        )
        yield (
            f"torch.nn.functional.cross_entropy probabilities {reduction}",
            lambda x, y, o=options: functional.cross_entropy(x, y, **o),
            arrays((2, 3), (2, 3), domain=SMALL),
        )
        yield (
            f"torch.nn.functional.cross_entropy ignore {reduction}",
            lambda x, o=options: functional.cross_entropy(x, torch.tensor([1, -100]), **o),
            arrays((2, 3)),
        )
        yield (
            f"torch.nn.functional.nll_loss {reduction}",
            lambda x, o=options: functional.nll_loss(x, torch.tensor([1, 0]), **o),
            arrays((2, 3)),
        )
        yield (
            f"torch.nn.functional.multi_margin_loss {reduction}",
            lambda x, o=options: functional.multi_margin_loss(x, torch.tensor([1, 0]), **o),
            arrays((2, 3), domain=SMALL),
        )
        yield (
            f"torch.nn.functional.multilabel_margin_loss {reduction}",
            lambda x, o=options: functional.multilabel_margin_loss(x, torch.tensor([[1, 0, -1], [2, -1, -1]]), **o),
            arrays((2, 3), domain=SMALL),
        )
        yield (
            f"torch.nn.functional.multilabel_soft_margin_loss {reduction}",
            lambda x, y, o=options: functional.multilabel_soft_margin_loss(x, y, **o),
            arrays((2, 2), (2, 2)),
        )
        yield (
            f"torch.nn.functional.hinge_embedding_loss {reduction}",
            lambda x, o=options: functional.hinge_embedding_loss(x, torch.tensor([1.0, -1.0, 1.0], dtype=x.dtype), **o),
            arrays((3,), domain=SMALL),
        )
        yield (
            f"torch.nn.functional.margin_ranking_loss {reduction}",
            lambda x, y, o=options: functional.margin_ranking_loss(
                x, y, torch.tensor([1.0, -1.0], dtype=x.dtype), margin=0.5, **o
            ),
            arrays((2,), (2,), domain=SMALL),
        )
        yield (
            f"torch.nn.functional.cosine_embedding_loss {reduction}",
            lambda x, y, o=options: functional.cosine_embedding_loss(x, y, torch.tensor([1, -1]), margin=0.25, **o),
            arrays((2, 2), (2, 2), domain=SMALL),
        )
        yield (
            f"torch.nn.functional.triplet_margin_loss {reduction}",
            lambda a, p, n, o=options: functional.triplet_margin_loss(a, p, n, **o),
            arrays((2, 2), (2, 2), (2, 2), domain=SMALL),
        )
        yield (
            f"torch.nn.functional.ctc_loss {reduction}",
            lambda x, o=options: functional.ctc_loss(
                functional.log_softmax(x, -1), torch.tensor([[1, 2]]), (4,), (2,), **o
            ),
            arrays((4, 1, 3), domain=SMALL),
        )
    yield (
        "torch.nn.functional.cosine_similarity",
        lambda x, y: functional.cosine_similarity(x, y, dim=-1),
        arrays((2, 2), (2, 2)),
    )

    # normalisation, convolution, pooling, images
    yield (
        "torch.nn.functional.layer_norm",
        lambda x, w, b: functional.layer_norm(x, (3,), w, b),
        arrays((2, 3), (3,), (3,)),
    )
    yield "torch.nn.functional.rms_norm", lambda x, w: functional.rms_norm(x, (3,), w), arrays((2, 3), (3,))
    yield (
        "torch.nn.functional.group_norm",
        lambda x, w, b: functional.group_norm(x, 2, w, b),
        arrays((1, 4, 2), (4,), (4,)),
    )
    yield "torch.nn.functional.instance_norm", lambda x: functional.instance_norm(x), arrays((1, 2, 3))
    yield (
        "torch.nn.functional.batch_norm training",
        lambda x, w, b: functional.batch_norm(x, None, None, w, b, training=True),
        arrays((3, 2), (2,), (2,)),
    )
    yield (
        "torch.nn.functional.batch_norm",
        lambda x, m, v: functional.batch_norm(x, torch.zeros(2, dtype=x.dtype), torch.ones(2, dtype=x.dtype), m, v),
        arrays((3, 2), (2,), (2,)),
    )
    yield "torch.nn.functional.local_response_norm", lambda x: functional.local_response_norm(x, 2), arrays((1, 3, 2))
    for options in ({}, {"stride": 2, "padding": 1}, {"dilation": 2}):
        yield (
            f"torch.nn.functional.conv1d {options}",
            lambda x, w, b, o=options: functional.conv1d(x, w, b, **o),
            arrays((1, 2, 5), (2, 2, 2), (2,)),
        )
        yield (
            f"torch.nn.functional.conv2d {options}",
            lambda x, w, b, o=options: functional.conv2d(x, w, b, **o),
            arrays((1, 1, 3, 4), (2, 1, 2, 2), (2,)),
        )
        yield (
            f"torch.nn.functional.conv_transpose1d {options}",
            lambda x, w, b, o=options: functional.conv_transpose1d(x, w, b, **o),
            arrays((1, 2, 3), (2, 1, 2), (1,)),
        )
    yield (
        "torch.nn.functional.conv1d groups",
        lambda x, w: functional.conv1d(x, w, groups=2),
        arrays((1, 2, 4), (2, 1, 2)),
    )
    yield (
        "torch.nn.functional.conv_transpose2d",
        lambda x, w: functional.conv_transpose2d(x, w, stride=2, output_padding=1),
        arrays((1, 1, 2, 2), (1, 1, 2, 2)),
    )
    yield "torch.nn.functional.conv3d", lambda x, w: functional.conv3d(x, w), arrays((1, 1, 2, 2, 3), (1, 1, 1, 2, 2))
    yield "torch.conv_tbc", lambda x, w, b: torch.conv_tbc(x, w, b, 1), arrays((3, 1, 2), (2, 2, 1), (1,))
    for options in ({}, {"stride": 1}, {"padding": 1, "ceil_mode": True}, {"padding": 1, "count_include_pad": False}):
        yield (
            f"torch.nn.functional.avg_pool1d {options}",
            lambda x, o=options: functional.avg_pool1d(x, 2, **o),
            _image(1, 2, 5),
        )
        yield (
            f"torch.nn.functional.avg_pool2d {options}",
            lambda x, o=options: functional.avg_pool2d(x, 2, **o),
            _image(1, 1, 3, 4),
        )
    for options in ({}, {"stride": 1}, {"padding": 1}, {"dilation": 2}, {"ceil_mode": True}):
        yield (
            f"torch.nn.functional.max_pool1d {options}",
            lambda x, o=options: functional.max_pool1d(x, 2, **o),
            _image(1, 2, 5),
        )
        yield (
            f"torch.nn.functional.max_pool2d {options}",
            lambda x, o=options: functional.max_pool2d(x, 2, **o),
            _image(1, 1, 3, 4),
        )
    yield "torch.nn.functional.max_pool3d", lambda x: functional.max_pool3d(x, 2, stride=1), _image(1, 1, 2, 2, 3)
    yield "torch.nn.functional.avg_pool3d", lambda x: functional.avg_pool3d(x, 2, stride=1), _image(1, 1, 2, 2, 3)
    for p in (1, 2, 3):
        yield f"torch.nn.functional.lp_pool1d p={p}", lambda x, p=p: functional.lp_pool1d(x, p, 2), _image(1, 1, 4)
        yield f"torch.nn.functional.lp_pool2d p={p}", lambda x, p=p: functional.lp_pool2d(x, p, 2), _image(1, 1, 2, 4)
    for name in ("adaptive_avg_pool1d", "adaptive_max_pool1d"):
        yield f"torch.nn.functional.{name}", lambda x, n=name: getattr(functional, n)(x, 2), _image(1, 2, 3)
    for name in ("adaptive_avg_pool2d", "adaptive_max_pool2d"):
        yield f"torch.nn.functional.{name}", lambda x, n=name: getattr(functional, n)(x, (1, 2)), _image(1, 1, 2, 3)
    for mode in ("nearest", "linear", "nearest-exact"):
        yield (
            f"torch.nn.functional.interpolate {mode}",
            lambda x, m=mode: functional.interpolate(x, 5, mode=m),
            _image(1, 1, 3),
        )
    for mode in ("bilinear", "bicubic", "area"):
        yield (
            f"torch.nn.functional.interpolate {mode}",
            lambda x, m=mode: functional.interpolate(x, (3, 2), mode=m),
            _image(1, 1, 2, 3),
        )
        if mode != "area":
            yield (
                f"torch.nn.functional.interpolate {mode} corners",
                lambda x, m=mode: functional.interpolate(x, (3, 2), mode=m, align_corners=True),
                _image(1, 1, 2, 3),
            )
            yield (
                f"torch.nn.functional.interpolate {mode} antialias",
                lambda x, m=mode: functional.interpolate(x, (1, 2), mode=m, antialias=True),
                _image(1, 1, 3, 3),
            )
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            yield (
                f"torch.nn.functional.grid_sample {mode} {padding}",
                lambda x, g, m=mode, p=padding: functional.grid_sample(x, g, m, p, align_corners=False),
                arrays((1, 1, 2, 3), (1, 1, 2, 2), domain=SMALL),
            )
    yield (
        "torch.nn.functional.affine_grid",
        lambda t: functional.affine_grid(t, (1, 1, 2, 3), align_corners=False),
        arrays((1, 2, 3)),
    )
    for mode in ("reflect", "replicate", "circular"):
        yield f"torch.nn.functional.pad {mode}", lambda x, m=mode: functional.pad(x, (2, 1), mode=m), _image(1, 1, 3)
    yield "torch.nn.functional.pad", lambda x: functional.pad(x, (1, -1, 0, 2), value=3.0), arrays((2, 3))
    yield "torch.nn.functional.unfold", lambda x: functional.unfold(x, 2, padding=1), _image(1, 1, 2, 3)
    yield "torch.nn.functional.fold", lambda x: functional.fold(x, (2, 3), 2), _image(1, 4, 2)
    yield (
        "torch.nn.functional.max_unpool1d",
        lambda x: functional.max_unpool1d(x, torch.tensor([[[1, 2]]]), 2),
        _image(1, 1, 2),
    )
    yield "torch.nn.functional.pixel_shuffle", lambda x: functional.pixel_shuffle(x, 2), _image(1, 4, 1, 2)
    yield "torch.nn.functional.pixel_unshuffle", lambda x: functional.pixel_unshuffle(x, 2), _image(1, 1, 2, 4)
    yield "torch.nn.functional.channel_shuffle", lambda x: functional.channel_shuffle(x, 2), _image(1, 4, 1, 2)
    yield "torch.nn.functional.linear", lambda x, w, b: functional.linear(x, w, b), arrays((2, 3), (2, 3), (2,))
    yield (
        "torch.nn.functional.bilinear",
        lambda x, y, w: functional.bilinear(x, y, w),
        arrays((2, 2), (2, 3), (1, 2, 3)),
    )
    yield "torch.nn.functional.embedding", lambda w: functional.embedding(torch.tensor([[1, 1, 0]]), w), arrays((2, 2))
    yield (
        "torch.nn.functional.embedding padding",
        lambda w: functional.embedding(torch.tensor([1, 0]), w) * 1,
        arrays((2, 2)),
    )
    for mode in ("sum", "mean", "max"):
        yield (
            f"torch.nn.functional.embedding_bag {mode}",
            lambda w, m=mode: functional.embedding_bag(torch.tensor([[1, 1, 0]]), w, mode=m),
            arrays((2, 2), domain=SMALL),
        )
    yield (
        "torch.nn.functional.scaled_dot_product_attention",
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v),
        arrays((1, 2, 2), (1, 3, 2), (1, 3, 2), domain=SMALL),
    )
    yield (
        "torch.nn.functional.scaled_dot_product_attention causal",
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, is_causal=True),
        arrays((1, 2, 2), (1, 2, 2), (1, 2, 2), domain=SMALL),
    )

    # shapes and indices
    yield (
        "torch.Tensor.__getitem__",
        lambda x, i: x[i],
        shaped(lambda shape: gst.indices(shape).filter(_known_to_torch)),
    )
    yield "torch.flip", lambda x, dim: torch.flip(x, (dim,)), one
    yield "torch.roll", lambda x, dim: torch.roll(x, 1, dim), one
    yield (
        "torch.permute",
        lambda x, dims: torch.permute(x, dims),
        shaped(lambda s: gst.transposes(len(s), allow_none=False)),
    )
    yield "torch.tile", lambda x: torch.tile(x, (2, 1, 2)), shaped()
    yield "torch.repeat_interleave", lambda x, dim: torch.repeat_interleave(x, 2, dim), one
    yield "torch.broadcast_to", lambda x: torch.broadcast_to(x, (2, 3, 2)), arrays((3, 1))
    yield "torch.cat", lambda x, y: torch.cat([x, y], -1), arrays((2, 1), (2, 3))
    yield "torch.stack", lambda x, y: torch.stack([x, y], -1), arrays((2, 3), (2, 3))
    yield "torch.block_diag", lambda x, y: torch.block_diag(x, y), arrays((1, 2), (2, 1))
    yield "torch.cartesian_prod", lambda x, y: torch.cartesian_prod(x, y), arrays((2,), (3,))
    yield "torch.combinations", lambda x: torch.combinations(x, 2), arrays((3,))
    yield "torch.diag", lambda x: torch.diag(x, 1), arrays((2, 3))
    yield "torch.diag_embed", lambda x: torch.diag_embed(x, offset=-1), arrays((2, 3))
    yield "torch.diagonal", lambda x: torch.diagonal(x, offset=1), arrays((2, 3))
    yield "torch.diagonal_scatter", lambda x, y: torch.diagonal_scatter(x, y, 1), arrays((3, 3), (2,))
    yield "torch.select_scatter", lambda x, y: torch.select_scatter(x, y, 0, 1), arrays((2, 3), (3,))
    yield "torch.slice_scatter", lambda x, y: torch.slice_scatter(x, y, 1, 0, 3, 2), arrays((2, 3), (2, 2))
    yield "torch.as_strided overlapping", lambda x: torch.as_strided(x * 1, (2, 2), (1, 1)), arrays((3,))
    yield "torch.tril", lambda x: torch.tril(x, -1), arrays((2, 3))
    yield "torch.triu", lambda x: torch.triu(x, 1), arrays((2, 3))
    yield "torch.rot90", lambda x: torch.rot90(x), arrays((2, 3))
    repeated = [0, 0, 1]
    yield "torch.index_select", lambda x: torch.index_select(x, 1, torch.tensor(repeated)), arrays((2, 3))
    yield "torch.gather", lambda x: torch.gather(x, 1, torch.tensor([repeated, repeated])), arrays((2, 3))
    yield "torch.take", lambda x: torch.take(x, torch.tensor(repeated)), arrays((2, 3))
    yield "torch.take_along_dim", lambda x: torch.take_along_dim(x, torch.tensor([repeated]), 1), arrays((2, 3))
    yield "torch.masked_select", lambda x: torch.masked_select(x, torch.tensor([True, False, True])), arrays((2, 3))
    yield (
        "torch.masked_fill",
        lambda x, v: torch.masked_fill(x, torch.tensor([True, False, True]), v),
        arrays((2, 3), ()),
    )
    yield (
        "torch.masked_scatter",
        lambda x, y: torch.masked_scatter(x, torch.tensor([True, False, True]), y),
        arrays((3,), (2,)),
    )
    yield "torch.index_fill", lambda x, v: torch.index_fill(x, 1, torch.tensor([0, 2]), v), arrays((2, 3), ())
    yield (
        "torch.index_add",
        lambda x, y: torch.index_add(x, 0, torch.tensor(repeated), y, alpha=2),
        arrays((2, 2), (3, 2)),
    )
    yield "torch.index_copy", lambda x, y: torch.index_copy(x, 0, torch.tensor([1, 0]), y), arrays((3, 2), (2, 2))
    yield "torch.index_put", lambda x, y: torch.index_put(x, (torch.tensor([0, 2]),), y), arrays((3,), (2,))
    yield (
        "torch.index_put accumulate",
        lambda x, y: torch.index_put(x, (torch.tensor(repeated),), y, accumulate=True),
        arrays((3,), (3,)),
    )
    yield (
        "torch.put accumulate",
        lambda x, y: torch.put(x, torch.tensor(repeated), y, accumulate=True),
        arrays((3,), (3,)),
    )
    yield "torch.scatter", lambda x, y: torch.scatter(x, 0, torch.tensor([2, 0]), y), arrays((3,), (2,))
    yield "torch.scatter_add", lambda x, y: torch.scatter_add(x, 0, torch.tensor(repeated), y), arrays((2,), (3,))
    for how in ("sum", "prod", "mean", "amax", "amin"):
        for itself in (True, False):
            yield (
                f"torch.scatter_reduce {how} include_self={itself}",
                lambda x, y, h=how, i=itself: torch.scatter_reduce(x, 0, torch.tensor(repeated), y, h, include_self=i),
                arrays((3,), (3,), domain=SMALL),
            )
            if how != "sum":
                yield (
                    f"torch.index_reduce {how} include_self={itself}",
                    lambda x, y, h=how, i=itself: torch.index_reduce(
                        x, 0, torch.tensor(repeated), y, h, include_self=i
                    ),
                    arrays((3,), (3,), domain=SMALL),
                )
        name = {"amax": "max", "amin": "min"}.get(how, how)
        yield (
            f"torch.segment_reduce {name}",
            lambda x, n=name: torch.segment_reduce(x, n, lengths=torch.tensor([2, 1])),
            arrays((3,), domain=SMALL),
        )
    yield (
        "torch.stft",
        lambda x: torch.view_as_real(torch.stft(x, 2, return_complex=True, window=torch.ones(2, dtype=x.dtype))),
        arrays((4,), domain=SMALL),
    )
    yield "torch.fft.rfft", lambda x: torch.view_as_real(torch.fft.rfft(x)), arrays((4,))
    yield "torch.fft.irfft", lambda x: torch.fft.irfft(torch.view_as_complex(x)), arrays((3, 2))
    yield "torch.complex abs", lambda x, y: torch.abs(torch.complex(x, y)), elementwise(SMALL, SMALL)
    yield "torch.complex angle", lambda x, y: torch.angle(torch.complex(x, y)), elementwise(SMALL, SMALL)
    yield "torch.polar", lambda r, t: torch.view_as_real(torch.polar(r, t)), elementwise(SMALL, SMALL)

    # products and linear algebra
    for a, b in (((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 1, 3), (3, 2)), ((1, 2, 3), (2, 3, 1))):
        yield f"torch.matmul {len(a)}d {len(b)}d", torch.matmul, arrays(a, b)
    yield "torch.bmm", torch.bmm, arrays((2, 1, 2), (2, 2, 1))
    yield "torch.mv", torch.mv, arrays((2, 3), (3,))
    yield "torch.dot", torch.dot, arrays((3,), (3,))
    yield "torch.vdot", torch.vdot, arrays((3,), (3,))
    yield "torch.inner", torch.inner, arrays((2, 3), (2, 3))
    yield "torch.outer", torch.outer, arrays((2,), (3,))
    yield "torch.kron", torch.kron, arrays((2, 1), (1, 2))
    yield "torch.tensordot", lambda x, y: torch.tensordot(x, y, dims=([1, 0], [0, 1])), arrays((2, 3), (3, 2))
    yield "torch.einsum", lambda x, y: torch.einsum("ij,jk->ki", x, y), arrays((2, 3), (3, 2))
    yield "torch.einsum diagonal", lambda x: torch.einsum("iij->ij", x), arrays((2, 2, 3))
    yield "torch.addmm", lambda c, x, y: torch.addmm(c, x, y, beta=2, alpha=3), arrays((2,), (1, 3), (3, 2))
    yield "torch.addmv", lambda c, x, y: torch.addmv(c, x, y, beta=2, alpha=3), arrays((2,), (2, 3), (3,))
    yield "torch.addr", lambda c, x, y: torch.addr(c, x, y, beta=2, alpha=3), arrays((1, 2), (3,), (2,))
    yield "torch.baddbmm", lambda c, x, y: torch.baddbmm(c, x, y, beta=2, alpha=3), arrays((1, 2), (2, 1, 2), (2, 2, 2))
    yield "torch.addbmm", lambda c, x, y: torch.addbmm(c, x, y, beta=2, alpha=3), arrays((1, 2), (2, 1, 2), (2, 2, 2))
    yield "torch.chain_matmul", torch.chain_matmul, arrays((1, 2), (2, 2), (2, 1))
    yield "torch.linalg.multi_dot", lambda x, y, z: linalg.multi_dot([x, y, z]), arrays((1, 2), (2, 2), (2, 1))
    yield "torch.linalg.cross", lambda x, y: linalg.cross(x, y), arrays((2, 3), (1, 3))
    yield "torch.linalg.vecdot", linalg.vecdot, arrays((2, 3), (1, 3))
    yield "torch.linalg.vander", lambda x: linalg.vander(x, N=4), arrays((2,), domain=SMALL)
    yield "torch.vander", lambda x: torch.vander(x, 4), arrays((2,), domain=SMALL)
    for size in (2, 3):
        yield f"torch.linalg.det {size}", linalg.det, square(size)
        yield f"torch.linalg.slogdet {size}", lambda x: linalg.slogdet(x)[1], square(size)
        yield f"torch.logdet {size}", torch.logdet, square(size)
        yield f"torch.linalg.inv {size}", linalg.inv, regular((size, size))
    yield "torch.linalg.pinv", linalg.pinv, regular((2, 3))
    yield (
        "torch.linalg.pinv hermitian",
        _hermitian(lambda x: linalg.pinv(x, hermitian=True)),
        regular((2, 2)),
    )
    yield "torch.linalg.solve", linalg.solve, regular((2, 2), (2, 2))
    yield (
        "torch.linalg.solve left=False",
        lambda a, b: linalg.solve(a, b, left=False),
        regular((2, 2), (1, 2)),
    )
    for upper in (True, False):
        yield (
            f"torch.linalg.solve_triangular upper={upper}",
            lambda a, b, u=upper: linalg.solve_triangular(a, b, upper=u),
            arrays((2, 2), (2, 1), domain=SMALL),
        )
    yield "torch.linalg.lstsq", lambda a, b: linalg.lstsq(a, b)[0], regular((3, 2), (3, 1))
    yield "torch.linalg.tensorinv", lambda x: linalg.tensorinv(x, 1), arrays((4, 2, 2), domain=SMALL)
    yield "torch.linalg.tensorsolve", linalg.tensorsolve, arrays((2, 1, 2), (2, 1), domain=SMALL)
    positive = lambda x: x @ x.mT + torch.eye(2, dtype=x.dtype)  # noqa: E731
    yield "torch.linalg.cholesky", lambda x: linalg.cholesky(positive(x)), arrays((2, 2), domain=SMALL)
    yield (
        "torch.cholesky_inverse",
        lambda x: torch.cholesky_inverse(linalg.cholesky(positive(x))),
        arrays((2, 2), domain=SMALL),
    )
    yield (
        "torch.cholesky_solve",
        lambda b, x: torch.cholesky_solve(b, linalg.cholesky(positive(x))),
        arrays((2, 1), (2, 2), domain=SMALL),
    )
    yield "torch.linalg.lu", lambda x: linalg.lu(x)[2], regular((2, 2))
    yield "torch.linalg.lu wide", lambda x: linalg.lu(x)[2], regular((2, 3))
    yield "torch.linalg.lu_factor", lambda x: linalg.lu_factor(x)[0], regular((3, 2))
    yield (
        "torch.linalg.lu_solve",
        lambda a, b: linalg.lu_solve(*linalg.lu_factor(a), b),
        regular((2, 2), (2, 1)),
    )
    yield "torch.linalg.qr", lambda x: linalg.qr(x)[1], regular((3, 2))
    yield "torch.linalg.qr q", lambda x: linalg.qr(x)[0], regular((3, 2))
    yield "torch.linalg.svdvals", linalg.svdvals, regular((2, 3), distinct=True)
    yield (
        "torch.linalg.svd usv",
        lambda x: (lambda u, s, v: (u * s) @ v)(*linalg.svd(x, full_matrices=False)),
        regular((2, 3), distinct=True),
    )
    yield "torch.linalg.eigvalsh", _hermitian(linalg.eigvalsh), regular((2, 2), distinct=True, symmetric=True)
    yield (
        "torch.linalg.eigh projector",
        _hermitian(lambda x: (lambda w, v: (v * w[..., None, :]) @ v.mT)(*linalg.eigh(x))),
        regular((2, 2), distinct=True, symmetric=True),
    )
    yield "torch.linalg.matrix_exp", linalg.matrix_exp, square(2)
    for n in (-1, 0, 2, 3):
        yield f"torch.linalg.matrix_power n={n}", lambda x, n=n: linalg.matrix_power(x, n), square(2)
    # at tau = 1 / |v|², and torch says so, there is no gradient
    yield (
        "torch.linalg.householder_product",
        lambda a, t: linalg.householder_product(a, t / 128),
        regular((3, 2), (2,)),
    )
    yield "torch.trace", torch.trace, arrays((2, 3))


def _known_to_torch(index: Any) -> bool:
    """torch has no negative steps in an index."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(isinstance(part, slice) and part.step is not None and part.step < 0 for part in parts)


def calls() -> tuple[list[Call], list[str]]:
    """Return all calls, and the names for which no way to call was found."""
    import torch

    by_hand = [Call(name, function, draw) for name, function, draw in table(torch)]
    done = {call.name.partition(" ")[0] for call in by_hand}
    functions = {id(call.function) for call in by_hand}
    found, left = [], []
    for module_name in MODULES:
        module = torch
        for part in module_name.split(".")[1:]:
            module = getattr(module, part)
        for name in sorted(vars(module)):
            full, function = f"{module_name}.{name}", getattr(module, name)
            if name.startswith("_") or name.endswith("_") or not callable(function) or isinstance(function, type):
                continue
            if full in done or id(function) in functions or any(name.startswith(beginning) for beginning in NO_TRIAL):
                continue
            functions.add(id(function))
            call = guessed(full, function, from_torch)
            if call is None:
                left.append(full)
            else:
                found.append(call)
    return by_hand + found, left


def version() -> str:
    import torch

    return f"torch {torch.__version__}"


__all__ = ["adapter", "calls", "np", "version"]
