"""What finds most, with many more examples: run by `pytest -m slow`."""

import pytest

from minigrad.testing import property_test

from .calls import DIFFERENTIABLE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

test_gradient_in_many_cases = property_test(*DIFFERENTIABLE, examples=150)
