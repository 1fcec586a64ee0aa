"""What lies inside nested containers, and the same containers around other things."""

import dataclasses
from collections import Counter, OrderedDict, defaultdict
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.containers import leaves, rebuilt


class Pair(NamedTuple):
    first: Any
    second: Any


class Nothing(NamedTuple):
    pass


@dataclasses.dataclass(frozen=True)
class Layer:
    weight: Any
    bias: Any = 0.0
    calls: int = dataclasses.field(default=7, init=False)


class Words(list):  # type: ignore[type-arg]
    """A list of its own kind."""


NUMBERS = st.integers(-9, 9) | st.floats(-1, 1) | st.booleans() | st.text("ab", max_size=2) | st.none()


def containers(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Every kind of container around drawn parts."""
    few = st.lists(parts, max_size=3)
    keys = st.lists(st.text("xyz", min_size=1, max_size=2) | st.integers(0, 3), max_size=3, unique=True)
    dicts = keys.flatmap(lambda ks: st.tuples(*[parts for _ in ks]).map(lambda vs: dict(zip(ks, vs))))
    return st.one_of(
        few,
        few.map(tuple),
        few.map(Words),
        dicts,
        dicts.map(OrderedDict),
        dicts.map(lambda d: defaultdict(list, d)),
        st.builds(Pair, parts, parts),
        st.just(Nothing()),
        st.builds(Layer, parts, parts),
    )


TREES = st.recursive(NUMBERS, containers, max_leaves=8)


@given(TREES)
def test_a_tree_rebuilt_from_its_own_leaves_is_equal_and_of_the_same_kinds(tree: Any) -> None:
    found = rebuilt(tree, lambda leaf: leaf)
    assert found == tree
    assert repr(found) == repr(tree)  # tells a list from its subclass, True from 1, a dict from an OrderedDict
    assert [path for path, _ in leaves(found)] == [path for path, _ in leaves(tree)]


@given(TREES)
def test_leaves_are_put_back_in_the_order_in_which_they_are_listed(tree: Any) -> None:
    before = list(leaves(tree))
    seen: list[Any] = []

    def count(leaf: Any) -> int:
        seen.append(leaf)
        return len(seen) - 1

    numbered = rebuilt(tree, count)
    assert [id(a) for a in seen] == [id(leaf) for _, leaf in before]
    assert [leaf for _, leaf in leaves(numbered)] == list(range(len(before)))


@given(TREES)
def test_a_path_is_code_that_leads_to_the_leaf(tree: Any) -> None:
    for path, leaf in leaves(tree, "tree"):
        assert eval(path, {"tree": tree}) is leaf


@given(TREES)
def test_rebuilding_leaves_the_tree_alone(tree: Any) -> None:
    before = repr(tree)
    rebuilt(tree, lambda leaf: "changed")
    assert repr(tree) == before


def test_arrays_tensors_scalars_strings_and_generators_are_leaves() -> None:
    things = [
        np.ones(2),
        mg.tensor([1.0]),
        np.float64(2.0),
        "text",
        b"raw",
        {1, 2},
        range(3),
        (n for n in ()),
        None,
        Layer,
    ]
    assert [leaf for _, leaf in leaves(things)] == things
    for thing in things:
        assert rebuilt(thing, lambda leaf: leaf) is thing


def test_a_leaf_alone_has_the_path_it_was_given() -> None:
    assert list(leaves(3.0, "x")) == [("x", 3.0)]
    assert list(leaves(3.0)) == [("", 3.0)]


def test_empty_containers_have_no_leaves_and_are_kept() -> None:
    for empty in ([], (), {}, Nothing(), Words(), OrderedDict()):
        assert list(leaves(empty)) == []
        assert type(rebuilt(empty, lambda leaf: leaf)) is type(empty)


def test_a_defaultdict_keeps_its_default_and_a_counter_its_counts() -> None:
    found = rebuilt(defaultdict(list, a=1.0), lambda leaf: -leaf)
    assert found["a"] == -1.0
    assert found["new"] == []
    assert rebuilt(Counter(a=2), lambda leaf: leaf + 1) == Counter(a=3)


def test_the_key_of_a_dict_is_quoted_as_python_reads_it() -> None:
    tree = {'a"b': 1.0, "it's": 2.0, "line\n": 3.0, 4: 5.0, (1, "x"): 6.0}
    for path, leaf in leaves(tree, "tree"):
        assert eval(path, {"tree": tree}) == leaf


def test_a_field_that_init_does_not_take_is_no_leaf() -> None:
    assert list(leaves(Layer(1.0, 2.0), "p")) == [("p.weight", 1.0), ("p.bias", 2.0)]
    assert rebuilt(Layer(1.0, 2.0), lambda leaf: leaf * 3) == Layer(3.0, 6.0)


def test_a_dataclass_with_a_field_for_init_alone_is_rebuilt_or_refused_with_a_reason() -> None:
    @dataclasses.dataclass
    class Scaled:
        weight: float
        scale: dataclasses.InitVar[float]

        def __post_init__(self, scale: float) -> None:
            self.weight *= scale

    with pytest.raises(ValueError, match="scale"):
        rebuilt(Scaled(1.0, 2.0), lambda leaf: leaf)
