"""Lines fitted by gradient descent, on minigrad's own engine.

`fit_line` takes two arrays, `read_table` the columns of a text file, and
`picture` (in `plot.py`) draws what was found. One idea: descend where every
problem looks alike, in centred and scaled coordinates, and map the line back;
so the default lands on the exact answer, whatever the units of the data.
"""

from .descent import Best, Descent, descend
from .line import LineFit, fit_line
from .table import Table, TableError, read_table

__all__ = ["Best", "Descent", "LineFit", "Table", "TableError", "descend", "fit_line", "read_table"]
