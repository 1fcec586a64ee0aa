"""Functions of arrays with exact Jacobians.

One idea: object arrays of mpmath numbers go through the same NumPy expressions, so a Jacobian is
written as in a textbook: a product of matrices, an identity with more axes.
"""

import numpy as np
from mpmath import mp

from .draws import apart, arrays, positive
from .known import Known

exp, log, tanh, sqrt = (np.frompyfunc(f, 1, 1) for f in (mp.exp, mp.log, mp.tanh, mp.sqrt))


def known(name, f, exact, slope, *shapes, of=None):
    return Known(name, "vector-valued", f, exact, slope, arrays(*shapes, of=of))


def eye(n):
    """The identity, in mpmath."""
    return np.eye(n, dtype=int) * mp.mpf(1)


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum()


def softmax_exact(x):
    e = exp(x)
    return e / e.sum()


def softmax_slope(x):
    """p_i (1 - p_i) = p_i times the others' sum: 1 - p_i would cancel."""
    p = softmax_exact(x)
    others = (np.ones((len(p), len(p)), int) - np.eye(len(p), dtype=int)) @ p
    return np.where(np.eye(len(p)) == 1, np.diag(p * others), -np.outer(p, p))


def log_softmax(x):
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def log_softmax_exact(x):
    return x - mp.log(exp(x).sum())


def log_softmax_slope(x):
    return eye(len(x)) - softmax_exact(x)[None, :]


def logsumexp(x):
    top = x.max()
    return top + np.log(np.exp(x - top).sum())


def logsumexp_exact(x):
    return mp.log(exp(x).sum())


def logcumsumexp(x):
    return np.logaddexp.accumulate(x)


def logcumsumexp_exact(x):
    return log(np.cumsum(exp(x)))


def logcumsumexp_slope(x):
    e = exp(x)
    return np.tril(np.ones((len(x), len(x)), int)) * e[None, :] / np.cumsum(e)[:, None]


def cross_entropy(x):
    return logsumexp(x) - x[1]


def cross_entropy_slope(x):
    return softmax_exact(x) - eye(len(x))[1]


def norm(x):
    return np.sqrt((x * x).sum())


def norm_exact(x):
    return mp.sqrt((x * x).sum())


def unit(x):
    return x / norm(x)


def unit_exact(x):
    return x / norm_exact(x)


def unit_slope(x):
    u = unit_exact(x)
    return (eye(len(x)) - np.outer(u, u)) / norm_exact(x)


def inverse(a):
    """The inverse by Cramer's rule, of 2 x 2 and 3 x 3 object arrays."""
    return adjugate(a) / det_exact(a)


def adjugate(a):
    n = len(a)
    found = np.empty((n, n), object)
    for i in range(n):
        for j in range(n):
            rest = np.delete(np.delete(a, i, 0), j, 1)
            found[j, i] = (-1) ** (i + j) * det_exact(rest)
    return found


def det_exact(a):
    if len(a) == 1:
        return a[0, 0]
    return sum((-1) ** j * a[0, j] * det_exact(np.delete(a[1:], j, 1)) for j in range(len(a)))


def log_det(a):
    return np.linalg.slogdet(a)[1]


def log_det_exact(a):
    return mp.log(abs(det_exact(a)))


def inverse_slope(a):
    """dA^-1 = -A^-1 dA A^-1."""
    b = inverse(a)
    return -np.einsum("ik,lj->ijkl", b, b)


def solve_exact(a, b):
    return inverse(a) @ b


def solve_slope(a, b):
    inv = inverse(a)
    return -np.einsum("ik,l->ikl", inv, inv @ b), inv


def matmul_slope(a, b):
    return np.einsum("ik,jl->ijkl", eye(len(a)), b.T), np.einsum("ik,jl->ijkl", a, eye(b.shape[1]))


def scaled_matmul_slope(a, b):
    return tuple(10**8 * part for part in matmul_slope(a, b))


def cumprod_slope(x):
    n = len(x)
    rows = [
        [np.prod(np.delete(x[: i + 1], j)) * mp.mpf(1) if j <= i else mp.mpf(0) for j in range(n)] for i in range(n)
    ]
    return np.array(rows, dtype=object)


def prod_slope(x):
    return cumprod_slope(x)[-1]


def cumsum_slope(x):
    return np.tril(np.ones((len(x), len(x)), int)) * mp.mpf(1)


def variance_slope(x):
    return 2 * (x - x.sum() / len(x)) / len(x)


def deviation_exact(x):
    return mp.sqrt(((x - x.sum() / len(x)) ** 2).sum() / (len(x) - 1))


def deviation_slope(x):
    return (x - x.sum() / len(x)) / ((len(x) - 1) * deviation_exact(x))


def layer_norm(x):
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5)


def layer_norm_exact(x):
    centred = x - x.sum() / len(x)
    return centred / mp.sqrt((centred * centred).sum() / len(x) + 1e-5)


def layer_norm_slope(x):
    n = len(x)
    centred = x - x.sum() / n
    s = mp.sqrt((centred * centred).sum() / n + 1e-5)
    return (eye(n) - mp.mpf(1) / n - np.outer(centred, centred) / (n * s * s)) / s


def outer_slope(x, y):
    return np.einsum("ik,j->ijk", eye(len(x)), y), np.einsum("i,jk->ijk", x, eye(len(y)))


def cubed_slope(a):
    """d(AAA) = dA AA + A dA A + AA dA."""
    i, b = eye(len(a)), a @ a
    return np.einsum("ik,lj->ijkl", i, b) + np.einsum("ik,lj->ijkl", a, a) + np.einsum("ik,lj->ijkl", b, i)


def quadratic_slope(x, a):
    return (a + a.T) @ x, np.outer(x, x)


def spread(a):
    """A symmetric positive definite matrix of any square one: A A^T + I."""
    return a @ a.T + np.eye(len(a))


def cholesky(a):
    return np.linalg.cholesky(spread(a))


def cholesky_exact(a):
    s = a @ a.T + eye(len(a))
    n = len(s)
    factor = np.full((n, n), mp.mpf(0), object)
    for i in range(n):
        for j in range(i + 1):
            rest = s[i, j] - sum((factor[i, k] * factor[j, k] for k in range(j)), mp.mpf(0))
            factor[i, j] = mp.sqrt(rest) if i == j else rest / factor[j, j]
    return factor


def cholesky_slope(a):
    """dL = L Phi(L^-1 dS L^-T), Phi taking the lower triangle and half of the diagonal."""
    n = len(a)
    factor = cholesky_exact(a)
    inv = inverse(factor)
    half = np.tril(np.ones((n, n), int), -1) + eye(n) / 2
    found = np.empty((n, n, n, n), object)
    for k in range(n):
        for m in range(n):
            step = np.outer(eye(n)[k], eye(n)[m])
            found[:, :, k, m] = factor @ (half * (inv @ (step @ a.T + a @ step.T) @ inv.T))
    return found


def eigenvalues(a):
    return np.linalg.eigvalsh(a + a.T)


def eigenpairs(a):
    s = a + a.T
    values, vectors = mp.eigsy(mp.matrix(s.tolist()))
    n = len(s)
    order = sorted(range(n), key=lambda k: values[k])
    return np.array([values[k] for k in order], object), np.array(
        [[vectors[i, k] for k in order] for i in range(n)], object
    )


def eigenvalues_exact(a):
    return eigenpairs(a)[0]


def eigenvalues_slope(a):
    """dw_k = v_k^T (dA + dA^T) v_k."""
    vectors = eigenpairs(a)[1]
    return 2 * np.einsum("ik,jk->kij", vectors, vectors)


def convolve_slope(x, y):
    found_x, found_y = (np.full((len(x) + len(y) - 1, n), mp.mpf(0), object) for n in (len(x), len(y)))
    for i, a in enumerate(x):
        for j, b in enumerate(y):
            found_x[i + j, i] += b
            found_y[i + j, j] += a
    return found_x, found_y


def power_spectrum(x):
    return np.abs(np.fft.rfft(x)) ** 2


def waves(n):
    angles = [[2 * mp.pi * k * m / n for m in range(n)] for k in range(n // 2 + 1)]
    return tuple(np.array([[f(a) for a in row] for row in angles], object) for f in (mp.cos, mp.sin))


def power_spectrum_exact(x):
    c, s = waves(len(x))
    return (c @ x) ** 2 + (s @ x) ** 2


def power_spectrum_slope(x):
    c, s = waves(len(x))
    return 2 * ((c @ x)[:, None] * c + (s @ x)[:, None] * s)


def cross_slope(x, y):
    def skew(v):
        zero = mp.mpf(0)
        return np.array([[zero, -v[2], v[1]], [v[2], zero, -v[0]], [-v[1], v[0], zero]], object)

    return -skew(y), skew(x)


def cosine(x, y):
    return x @ y / (norm(x) * norm(y))


def cosine_exact(x, y):
    return x @ y / (norm_exact(x) * norm_exact(y))


def cosine_slope(x, y):
    u, v = unit_exact(x), unit_exact(y)
    return (v - (u @ v) * u) / norm_exact(x), (u - (u @ v) * v) / norm_exact(y)


def distances(x):
    """All distances between three points in the plane."""
    return np.array([norm(x[i] - x[j]) for i, j in ((0, 1), (0, 2), (1, 2))])


def distances_exact(x):
    return np.array([norm_exact(x[i] - x[j]) for i, j in ((0, 1), (0, 2), (1, 2))], object)


def distances_slope(x):
    found = np.full((3, 3, 2), mp.mpf(0), object)
    for row, (i, j) in enumerate(((0, 1), (0, 2), (1, 2))):
        found[row, i] = unit_exact(x[i] - x[j])
        found[row, j] = -found[row, i]
    return found


def order(x):
    """Where each element of a vector goes when it is sorted: a permutation matrix."""
    return eye(len(x))[np.argsort([float(v) for v in x])]


def middle_slope(x):
    return order(x)[len(x) // 2]


def taken(x):
    return x[[0, 2, 2, 1]] * np.array([1.0, 2.0, 3.0, 4.0])


def taken_slope(x):
    return eye(3)[[0, 2, 2, 1]] * np.array([1, 2, 3, 4])[:, None]


def network(x, w):
    return np.tanh(w @ np.tanh(w @ x))


def network_exact(x, w):
    return tanh(w @ tanh(w @ x))


def network_slope(x, w):
    inner = tanh(w @ x)
    out = tanh(w @ inner)
    near, far = np.diag(1 - inner * inner), np.diag(1 - out * out)
    i = eye(len(w))
    of_w = np.einsum("ik,l->ikl", i, inner) + np.einsum("ia,ak,l->ikl", w, near @ i, x)
    return far @ w @ near @ w, np.einsum("ia,akl->ikl", far, of_w)


def polynomial_slope(c, x):
    powers = np.array([x**n for n in range(len(c))], object)
    return powers, sum(n * c[n] * x ** (n - 1) for n in range(1, len(c)))


def polynomial(c, x):
    return np.polynomial.polynomial.polyval(x, c)


def polynomial_exact(c, x):
    return sum(c[n] * x**n for n in range(len(c)))


def large(rng):
    """A number whose exponential overflows, near others of its kind."""
    return 800 + 2 * rng.normal()


LOOSE = apart(1.0, 0.05)

FUNCTIONS = [
    known("softmax", softmax, softmax_exact, softmax_slope, (4,)),
    known("softmax of large numbers", softmax, softmax_exact, softmax_slope, (3,), of=large),
    known("log softmax", log_softmax, log_softmax_exact, log_softmax_slope, (3,)),
    known("logsumexp", logsumexp, logsumexp_exact, softmax_exact, (4,)),
    known("logsumexp of large numbers", logsumexp, logsumexp_exact, softmax_exact, (3,), of=large),
    known("logcumsumexp", logcumsumexp, logcumsumexp_exact, logcumsumexp_slope, (3,)),
    known("cross entropy", cross_entropy, lambda x: logsumexp_exact(x) - x[1], cross_entropy_slope, (4,)),
    known("norm", norm, norm_exact, unit_exact, (3,), of=LOOSE),
    known("norm, 1e-8", norm, norm_exact, unit_exact, (3,), of=positive(1e-9, 1e-7, signed=True)),
    known("x / norm", unit, unit_exact, unit_slope, (3,), of=LOOSE),
    known("inverse", np.linalg.inv, inverse, inverse_slope, (2, 2), of=LOOSE),
    known("inverse, 3 x 3", np.linalg.inv, inverse, inverse_slope, (3, 3)),
    known("determinant", np.linalg.det, det_exact, lambda a: adjugate(a).T, (3, 3)),
    known("log |determinant|", log_det, log_det_exact, lambda a: inverse(a).T, (3, 3), of=LOOSE),
    known("solve", np.linalg.solve, solve_exact, solve_slope, (2, 2), (2,), of=LOOSE),
    known("matmul", np.matmul, np.matmul, matmul_slope, (2, 3), (3, 2)),
    known("1e8 A B", lambda a, b: 1e8 * (a @ b), lambda a, b: 10**8 * (a @ b), scaled_matmul_slope, (2, 2), (2, 2)),
    known("cumulative product", np.cumprod, np.cumprod, cumprod_slope, (4,)),
    known("cumulative sum", np.cumsum, np.cumsum, cumsum_slope, (4,)),
    known("product", np.prod, np.prod, prod_slope, (4,)),
    known("mean", np.mean, lambda x: x.sum() / x.size, lambda x: np.full(x.shape, mp.mpf(1) / x.size), (2, 3)),
    known("variance", np.var, lambda x: ((x - x.sum() / len(x)) ** 2).sum() / len(x), variance_slope, (4,)),
    known("standard deviation", lambda x: np.std(x, ddof=1), deviation_exact, deviation_slope, (4,)),
    known("layer norm", layer_norm, layer_norm_exact, layer_norm_slope, (4,)),
    known("outer product", np.outer, np.outer, outer_slope, (2,), (3,)),
    known("A A A", lambda a: np.linalg.matrix_power(a, 3), lambda a: a @ a @ a, cubed_slope, (2, 2)),
    known("x^T A x", lambda x, a: x @ a @ x, lambda x, a: x @ a @ x, quadratic_slope, (3,), (3, 3)),
    known("Cholesky of A A^T + I", cholesky, cholesky_exact, cholesky_slope, (2, 2)),
    known("eigenvalues of A + A^T", eigenvalues, eigenvalues_exact, eigenvalues_slope, (3, 3), of=LOOSE),
    known("convolution", np.convolve, np.convolve, convolve_slope, (3,), (2,)),
    known("power spectrum", power_spectrum, power_spectrum_exact, power_spectrum_slope, (4,)),
    known("cross product", np.cross, np.cross, cross_slope, (3,), (3,)),
    known("cosine of an angle", cosine, cosine_exact, cosine_slope, (3,), (3,), of=LOOSE),
    known("distances", distances, distances_exact, distances_slope, (3, 2)),
    known("sort", np.sort, lambda x: order(x) @ x, order, (4,), of=lambda rng: rng.normal()),
    known("median", np.median, lambda x: middle_slope(x) @ x, middle_slope, (3,), of=lambda rng: rng.normal()),
    known("taken by index", taken, lambda x: x[[0, 2, 2, 1]] * np.array([1, 2, 3, 4]), taken_slope, (3,)),
    known("network of two layers", network, network_exact, network_slope, (2,), (2, 2)),
    known("polynomial and its coefficients", polynomial, polynomial_exact, polynomial_slope, (4,), ()),
]
