"""A text file becomes columns of numbers in one way only, or is refused with the place and the reason."""

import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.fitting.table import TableError, read_table, read_text

numbers = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(st.characters(categories=["L"]), min_size=1, max_size=8)


@given(
    columns=st.lists(names, min_size=2, max_size=4, unique=True).filter(
        lambda all_names: not {name.casefold() for name in all_names} & {"nan", "inf", "infinity"}
    ),
    data=st.data(),
    delimiter=st.sampled_from([",", ";", "\t", " "]),
    ending=st.sampled_from(["\n", "\r\n"]),
    header=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_was_written_is_read_to_the_bit(columns, data, delimiter, ending, header, quoting):
    rows = data.draw(st.lists(st.tuples(*[numbers] * len(columns)), min_size=1, max_size=5))
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=ending, quoting=quoting)
    if header:
        writer.writerow(columns)
    writer.writerows([[repr(number) for number in row] for row in rows])
    table = read_text(stream.getvalue(), "written.csv")
    assert table.names == (tuple(columns) if header else tuple(str(n + 1) for n in range(len(columns))))
    for n, name in enumerate(table.names):
        assert table.column(name).tolist() == [row[n] for row in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x,y\n1,2\n3,4\n", ("x", "y")),
        ("\ufeffx;y\r\n1;2\r\n", ("x", "y")),
        ("  1   2\n 3\t4\n", ("1", "2")),
        ('"time, s"\t"v"\n1\t2\n', ("time, s", "v")),
        ('"time s" "v"\n1   2\n', ("time s", "v")),
        ("height; m,weight\n1,2\n", ("height; m", "weight")),
        ("x , y\n 1 , 2 \n", ("x", "y")),
        ("\n\nx,y\n\n1,2\n\n", ("x", "y")),
        ("+.5,1.e3\n-2,3E-4\n", ("1", "2")),
    ],
)
def test_delimiters_headers_and_blanks(text, expected, tmp_path):
    path = tmp_path / "points.csv"
    path.write_bytes(text.encode("utf-8"))
    table = read_table(path)
    assert table.choose() == expected
    assert len(table.column(expected[0])) == len(table.rows) > 0


def test_columns_without_numbers_or_names_are_passed_over_unless_asked_for():
    labels = read_text("city,day,t,v\nRome,2020-01-01,0,1\nOslo,2020-01-02,1,3", "f")
    assert labels.choose() == ("t", "v")
    assert labels.choose(x="v") == ("v", "t")
    assert labels.choose(y="t") == ("v", "t")
    numbered = read_text(",t,v\n0,5,1\n1,6,3", "f")
    assert numbered.choose() == ("t", "v")
    assert numbered.column("1").tolist() == [0, 1]
    unnamed = read_text("a 1 2\nb 3 4", "f")
    assert unnamed.choose() == ("2", "3")


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", None, "f: the file is empty"),
        (" \n\n", None, "f: the file is empty"),
        ("x,y\n", None, "f:1: there is a header and no data"),
        ("x,y\n1,2\n3\n", None, "f:3: this line has 1 cell, and line 1 has 2"),
        ("x,y\n1,2\n\n3,4,5\n", None, "f:4: this line has 3 cells, and line 1 has 2"),
        ("x,x\n1,2\n", None, 'f:1: two columns are called "x"'),
        ("1,2\nn/a,4\n", "1", 'f:2: column "1": "n/a" is not a number'),
        ("x,y\n1,2\n\n3,n/a\n4,\n", "y", 'f:4: column "y": "n/a" is not a number (1 more cell like it below)'),
        ("x,y\n1,2\n3,\n", "y", 'f:3: column "y": the cell is empty'),
        ("x,y\n1,2\n3,NaN\n", "y", 'f:3: column "y": "NaN" cannot be fitted'),
        ("x,y\n1,2\n3,-inf\n", "y", 'f:3: column "y": "-inf" cannot be fitted'),
        ("x,y\n1,2\n3,1e999\n", "y", 'f:3: column "y": "1e999" does not fit into float64'),
        ("x,y\n1,2\n3,1e-999\n", "y", 'f:3: column "y": "1e-999" does not fit into float64'),
        ("x,y\n1,2\n3,1_000\n", "y", 'f:3: column "y": "1_000" is not a number'),
        ("x,y\n1,2\n3,0x10\n", "y", 'f:3: column "y": "0x10" is not a number'),
        ("x,y\n1,2\n3,٣\n", "y", 'f:3: column "y": "٣" is not a number'),
        ("x;y\n1,5;2\n2;3\n", "x", 'f:2: column "x": "1,5" is not a number\nWrite decimals with a point'),
        ("1,5;2\n2;3\n", "1", 'f:1: column "1": "1,5" is not a number\nWrite decimals with a point'),
        ("1,5 2,3\n2,5 3,2\n", "1", 'f:1: column "1": "1,5" is not a number (1 more cell like it below)'),
        ("n/a,2\n3,4\n", None, 'f:1: "n/a" is not a number and "2" is'),
        ("x,2019\n3,4\n", None, 'f:1: "x" is not a number and "2019" is'),
        (",2\n,4\n", None, 'f:1: "" is not a number and "2" is'),
        ('x,y\n1,"2\n3,4\n', None, "f:3: a quoted cell is not closed"),
        ("x,y\n1,2\n", "z", 'f: there is no column "z"'),
        ("height,weight\n1,2\n", "heigt", 'Did you mean "height"? The columns are "height", "weight"'),
        ("height,weight\n1,2\n", "Weight", 'Did you mean "weight"?'),
    ],
)
def test_anything_else_is_refused_with_its_place(text, column, message):
    with pytest.raises(TableError) as refused:
        read_text(text, "f").column(column)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "x", "y", "message"),
    [
        ("a,b\nu,v\n", None, None, "there is none\nThe columns are"),
        ("a,b\nu,1\n", None, None, 'only "b" has any'),
        ("a,b\nu,1\n", "b", None, 'only "b" has any'),
        ("1\n2\n", None, None, 'only "1" has any\nThe only column is "1" (the file has no header)'),
        ("a,b\n1,2\n", "a", "a", 'x and y are both the column "a"'),
        ("a,b\n1,2\n", "c", None, 'there is no column "c"'),
        ("1,2\n3,4\n", "5", None, '"1", "2" (the file has no header)'),
    ],
)
def test_columns_that_cannot_be_chosen(text, x, y, message):
    with pytest.raises(TableError) as refused:
        read_text(text, "f").choose(x, y)
    assert message in str(refused.value)


def test_a_bad_cell_never_moves_the_choice_to_another_column():
    """A column with one bad cell is still the first one with numbers: refused, not passed over."""
    table = read_text("x,y,z\n1,n/a,3\n2,5,4\n", "f")
    assert table.choose() == ("x", "y")
    with pytest.raises(TableError, match='f:2: column "y"'):
        table.column("y")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"x,y\n1,2\n\xb5,3\n", ":3: the byte 0xb5 is not UTF-8 text"),
        ("x,y\n1,2\n".encode("utf-16"), ":1: the byte 0xff is not UTF-8 text"),
        (b"x,y\n1,\x002\n", ":2: a zero byte"),
    ],
)
def test_files_that_are_no_text(data, message, tmp_path):
    path = tmp_path / "points.csv"
    path.write_bytes(data)
    with pytest.raises(TableError) as refused:
        read_table(path)
    assert f"{path}{message}" in str(refused.value)


def test_paths_that_are_no_file(tmp_path):
    (tmp_path / "points.csv").write_text("1,2\n")
    with pytest.raises(TableError, match=r"there is no such file\nDid you mean .*points\.csv"):
        read_table(tmp_path / "pionts.csv")
    with pytest.raises(TableError, match="There is no directory"):
        read_table(tmp_path / "nowhere" / "points.csv")
    with pytest.raises(TableError, match="this is a directory"):
        read_table(tmp_path)


@given(st.text(alphabet='0123456789.,;+-eE \t\nxy"na', max_size=30))
def test_whatever_is_typed_gives_finite_numbers_or_a_refusal(text):
    try:
        table = read_text(text, "f")
        x, y = table.choose()
        values = np.concatenate([table.column(x), table.column(y)])
    except TableError:
        return
    assert all(math.isfinite(value) for value in values)
    # Each number stands in the text as it was read.
    cells = {cell for _, row in table.rows for cell in row}
    assert {float(value) for value in values} <= {float(cell) for cell in cells if _reads(cell)}


def _reads(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True
