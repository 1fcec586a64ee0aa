"""The search: it goes down, ends at a minimum to rounding, keeps to bounds, and says how it ended."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.fitting.solvers.levenberg import Limits, levenberg_marquardt

from .nist import MODELS, PROBLEMS, points


@dataclass
class At:
    """A place of a problem in residuals, for these tests."""

    residuals: object
    values: np.ndarray
    noise: float = 1e-16

    @property
    def r(self):
        with np.errstate(all="ignore"):
            return np.asarray(self.residuals(self.values))

    @property
    def cost(self):
        with np.errstate(all="ignore"):
            return float(self.r @ self.r)

    def probed(self, values):
        with np.errstate(all="ignore"):
            return np.asarray(self.residuals(values))

    def linear(self):
        return self.r, np.asarray(mg.jacobian(self.residuals)(self.values))


def search(residuals, start, **keywords):
    return levenberg_marquardt(lambda values, step: At(residuals, values), np.array(start, dtype=float), **keywords)


# Moré, Garbow and Hillstrom (1981), Testing unconstrained optimization software: residuals, start, minima of Σ r².
def rosenbrock(v):
    return np.stack([10 * (v[1] - v[0] ** 2), 1 - v[0]])


def freudenstein(v):
    return np.stack([-13 + v[0] + ((5 - v[1]) * v[1] - 2) * v[1], -29 + v[0] + ((v[1] + 1) * v[1] - 14) * v[1]])


def powell_badly_scaled(v):
    return np.stack([1e4 * v[0] * v[1] - 1, np.exp(-v[0]) + np.exp(-v[1]) - 1.0001])


def helix(v):
    turn = np.arctan2(v[1], v[0]) / (2 * np.pi)
    return np.stack([10 * (v[2] - 10 * turn), 10 * (np.sqrt(v[0] ** 2 + v[1] ** 2) - 1), v[2]])


def powell_singular(v):
    root5, root10 = 5**0.5, 10**0.5
    return np.stack([v[0] + 10 * v[1], root5 * (v[2] - v[3]), (v[1] - 2 * v[2]) ** 2, root10 * (v[0] - v[3]) ** 2])


def brown_dennis(v):
    t = np.arange(1, 21) / 5
    return (v[0] + t * v[1] - np.exp(t)) ** 2 + (v[2] + v[3] * np.sin(t) - np.cos(t)) ** 2


@pytest.mark.parametrize(
    ("residuals", "start", "costs"),
    [
        (rosenbrock, [-1.2, 1], [0]),
        (freudenstein, [0.5, -2], [0, 48.984253679]),
        (powell_badly_scaled, [0, 1], [0]),
        (helix, [-1, 0, 0], [0]),
        (powell_singular, [3, -1, 0, 1], [0]),
        (brown_dennis, [25, 5, -5, -1], [85822.2]),
    ],
)
def test_the_problems_of_more_garbow_and_hillstrom(residuals, start, costs):
    end = search(residuals, start)
    assert min(abs(end.place.cost - cost) for cost in costs) < 1e-6 * max(1, min(costs))
    assert end.converged


@given(st.integers(0, 10_000))
def test_a_straight_problem_is_solved_in_steps_that_do_not_depend_on_units(seed):
    draws = np.random.default_rng(seed)
    columns, y = draws.normal(size=(9, 3)), draws.normal(size=9)
    units = 10.0 ** draws.uniform(-6, 6, 3)
    end = search(lambda v: mg.tensor(columns * units) @ v - y, [1.0, 1.0, 1.0])
    expected = np.linalg.lstsq(columns, y, rcond=None)[0] / units
    # cond(columns) is below 100 for such draws, but for one in thousands.
    np.testing.assert_allclose(end.values, expected, rtol=1e-9 * np.linalg.cond(columns))
    assert end.converged


@pytest.mark.parametrize("name", ["MGH09", "Eckerle4", "Rat43", "Misra1a"])
def test_it_only_goes_down(name):
    x, y = points(name)
    seen = []
    end = search(
        lambda v: MODELS[name](x, *[v[k] for k in range(len(v))]) - y,
        PROBLEMS[name]["start1"],
        watch=lambda cost, values: seen.append(cost),
    )
    assert seen == end.history
    # To rounding: the last steps are judged by the gradient.
    assert all(after <= before * (1 + 1e-9) for before, after in pairwise(seen))


def test_a_minimum_is_where_the_gradient_is_rounding():
    x, y = points("Thurber")
    names = range(7)
    end = search(lambda v: MODELS["Thurber"](x, *[v[k] for k in names]) - y, PROBLEMS["Thurber"]["start2"])
    r, j = end.place.linear()
    cosines = np.abs(r @ j) / np.linalg.norm(r) / np.linalg.norm(j, axis=0)
    # Rounding of the residuals, 1e-16 of y = 1500 where r is about 10: 1e-13, with some to spare for cond(J).
    assert cosines.max() < 1e-11


def test_bounds_hold_at_every_place_that_is_tried():
    tried = []

    def residuals(v):
        tried.append(np.array(v.data if isinstance(v, mg.Tensor) else v))
        return np.stack([10 * (v[1] - v[0] ** 2), 1 - v[0]])

    limits = Limits(np.array([-np.inf, -np.inf]), np.array([0.5, 0.2]))
    end = search(residuals, [-1.2, 0.1], limits=limits)
    assert all((values <= limits.high).all() for values in tried)
    assert end.converged
    # On v1 <= 0.2 the minimum of 100 (v1 - v0²)² + (1 - v0)² has v1 = 0.2 and solves 200 v0³ - 39 v0 - 1 = 0.
    v0 = max(np.roots([200, 0, -39, -1]).real)
    np.testing.assert_allclose(end.values, [v0, 0.2], rtol=1e-9)
    assert end.held.tolist() == [False, True]


@pytest.mark.parametrize("gap", [0.0, 1e-300, 1e-17, 1e-9, 1e-3, 1.0])
def test_a_start_beside_its_bound_ends_where_any_other_does(gap):
    """The minimum has v1 = 1, v0 = 1; the bounds v0 >= 0.1 and v1 >= -0.5 are in nobody's way in the end."""
    limits = Limits(np.array([0.1, -0.5]), np.array([np.inf, np.inf]))
    end = search(rosenbrock, [0.1 + gap, -0.5 + gap], limits=limits)
    assert end.converged
    np.testing.assert_allclose(end.values, [1, 1], rtol=1e-10)


def test_steps_that_are_not_finite_are_refused():
    def residuals(v):
        return np.stack([np.log(v[0]) - 1, np.sqrt(v[1]) - 2, v[0] * v[1] - 4 * np.e])

    end = search(residuals, [30.0, 0.01])
    np.testing.assert_allclose(end.values, [np.e, 4.0], rtol=1e-12)


def test_it_stops_when_told_and_says_so():
    end = search(rosenbrock, [-1.2, 1], steps=2)
    assert not end.converged
    assert end.message == "stopped after 2 steps"
    assert end.place.cost <= end.history[0]
    slopeless = search(lambda v: np.stack([np.sqrt(abs(v[0])), v[0]]), [0.0])
    assert not slopeless.converged or np.isfinite(slopeless.values).all()
