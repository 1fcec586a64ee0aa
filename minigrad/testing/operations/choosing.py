"""Choices: ties on purpose."""

import numpy as np

from ... import ops
from ..spec import op_spec

Shape = tuple[int, ...]


op_spec(ops.maximum, op=ops.Maximum, ties=True, reference="torch.maximum")
op_spec(ops.minimum, op=ops.Minimum, ties=True, reference="torch.minimum")
op_spec(ops.where, op=ops.Where, domain=(bool, None, None), values=np.where, reference="torch.where")
