"""Every operation with its derivatives, one file a family.

An operation is a class of a few lines: `forward` on arrays, and a rule `d<argument>`
for each differentiable argument, in the same NumPy. The functions people call stand
beside it. Conventions where a derivative does not exist, tested in one table
(`tests/test_conventions.py`):

| where | convention |
|---|---|
| max, min, maximum, minimum, fmax, fmin at a tie | the gradient is split evenly among the ties |
| clip at a bound | half each; 0 in x where the bounds meet |
| logaddexp of two equal infinities | half each |
| abs, fabs, relu, hypot at 0 | 0 |
| sqrt, cbrt at 0; arcsin, arctanh at ±1; arccosh at 1; log1p at -1 | inf |
| arccos at ±1 | -inf |
| arctan2 at the origin | NaN: it jumps in every direction |
| nan_to_num where x is NaN or infinite | 0 |
| prod, cumprod where elements are 0 | exact: the product of the others |
| std, nanstd where all elements are equal | 0 |
| sort, partition, topk at a tie | to the element that was taken: the first of equal ones is sorted first |
| median, quantile | to the two elements between which it lies, in the parts in which they are mixed |
| logsumexp of +inf, and of nothing but -inf | shared evenly among +inf; 0 |
| x**0 at x = 0 | 0 |
| 0**y | 0 in y for y >= 0 |
| x // y; x % y and fmod in y at a jump | 0; the slope beside it |
| floor, round, sign and the other steps; heaviside in x | 0, at the jump too |
| a norm at 0, the p-norm in an element that is 0, a singular value that is 0 | 0 |
| eigenvalues or singular values that are equal | each along the vectors found: right for their sum |
| interp at a point | the slope to its right |
| index_update with a repeated index | the last value remains, and it alone has a gradient |
| where, indexing: what was not taken | exactly 0, whatever the slope of the elementwise operations before it |
"""

from . import spacing as spacing
from .activation import *
from .arithmetic import *
from .blocks import *
from .choosing import *
from .comparison import *
from .covariance import *
from .cumulative import *
from .decompositions import *
from .determinants import *
from .diagonals import *
from .einsum import *
from .error_function import *
from .exponential import *
from .indexing import *
from .interpolation import *
from .joining import *
from .missing import *
from .norms import *
from .polynomials import *
from .products import *
from .rearranging import *
from .reduction import *
from .repeating import *
from .rounding import *
from .shape import *
from .softmax import *
from .sorting import *
from .statistics import *
from .systems import *
from .taking import *
from .trigonometric import *
