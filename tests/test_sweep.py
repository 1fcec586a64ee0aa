"""The properties that find most, with many more examples: run by `pytest -m slow`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import test_operations
from .test_operations import every_differentiable

pytestmark = [*test_operations.pytestmark, pytest.mark.slow, pytest.mark.timeout(1200)]

PROPERTIES = [
    test_operations.test_gradient_is_the_difference_quotient,
    test_operations.test_second_derivative_is_the_difference_quotient_and_torchs,
]


@pytest.mark.parametrize("property_", PROPERTIES, ids=lambda p: p.__name__.removeprefix("test_"))
@every_differentiable
@settings(max_examples=300, derandomize=True)
@given(data=st.data())
def test_operations_in_many_examples(property_, key, data):
    property_.hypothesis.inner_test(key=key, data=data)
