"""Every operation with its derivatives, one file a family.

An operation is a class of a few lines: `forward` on arrays, and a rule `d<argument>`
for each differentiable argument, in the same NumPy. The functions people call stand
beside it. Conventions where a derivative does not exist, tested in one table
(`tests/test_conventions.py`):

| where | convention |
|---|---|
| max, min, maximum, minimum at a tie | the gradient is split evenly among the ties |
| abs at 0, relu at 0 | 0 |
| sqrt at 0 | inf |
| x**0 at x = 0 | 0 |
| 0**y | 0 in y for y >= 0 |
| x // y, and x % y in y at a jump | 0, and the slope beside it |
| where, indexing: what was not taken | exactly 0, whatever the slope of the elementwise operations before it |
"""

from .activation import *
from .arithmetic import *
from .choosing import *
from .comparison import *
from .decompositions import *
from .determinants import *
from .einsum import *
from .exponential import *
from .indexing import *
from .norms import *
from .products import *
from .reduction import *
from .rounding import *
from .shape import *
from .systems import *
from .trigonometric import *
