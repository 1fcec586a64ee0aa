"""A text becomes columns of numbers in one way only, or is refused with the place and the reason."""

import csv
import io
import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigrad.fitting.files import reading
from minigrad.fitting.files.dates import calendar
from minigrad.fitting.files.reading import Block, TextFile, open_table
from minigrad.fitting.files.table import Column, TableError, understand

numbers = st.floats(allow_nan=False, allow_infinity=False)
names = st.text(st.characters(categories=["L"]), min_size=1, max_size=8)


def opened(text, source="f", **options):
    data = text.encode() if isinstance(text, str) else text
    stream = io.BytesIO(data)
    return TextFile(source, stream, stream.read(reading._HEAD), **options)


def read_columns(table, columns, *, skip_bad=False):
    blocks = list(table.blocks(columns, skip_bad=skip_bad))
    return Block(np.concatenate([b.values for b in blocks]), np.concatenate([b.rows for b in blocks]))


def numbers_in(table, *columns, skip_bad=False):
    return read_columns(table, [table.layout.column(name) for name in columns], skip_bad=skip_bad).values.T.tolist()


@given(
    columns=st.lists(names, min_size=2, max_size=4, unique=True).filter(
        lambda all_names: not {name.casefold() for name in all_names} & {"nan", "inf", "infinity"}
    ),
    data=st.data(),
    delimiter=st.sampled_from([",", ";", "\t", "|", " "]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    header=st.booleans(),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_was_written_is_read_to_the_bit(columns, data, delimiter, ending, header, quoting, encoding):
    rows = data.draw(st.lists(st.tuples(*[numbers] * len(columns)), min_size=1, max_size=5))
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=ending, quoting=quoting)
    if header:
        writer.writerow(columns)
    writer.writerows([[repr(number) for number in row] for row in rows])
    table = opened(stream.getvalue().encode(encoding))
    assert table.layout.names == (tuple(columns) if header else tuple(str(n + 1) for n in range(len(columns))))
    assert numbers_in(table, *table.layout.names) == [list(column) for column in zip(*rows, strict=True)]


@given(
    rows=st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=40),
    block=st.integers(1, 60),
    delimiter=st.sampled_from([",", ";", "\t", " "]),
    quoted=st.booleans(),
    wanted=st.permutations(["a", "b", "c"]).map(lambda p: p[:2]),
)
def test_any_blocks_give_the_same_numbers(rows, block, delimiter, quoted, wanted):
    mark = '"' if quoted else ""
    text = delimiter.join("abc") + "\n" + "".join(delimiter.join(f"{mark}{v!r}{mark}" for v in r) + "\n" for r in rows)
    data = text.encode()
    table = opened(text, block=block)
    # As if the head had ended after the first few bytes.
    table._head = data[:block]
    table._stream.seek(block)
    found = read_columns(table, [table.layout.column(name) for name in wanted])
    assert found.values.tolist() == [[row["abc".index(name)] for name in wanted] for row in rows]
    assert found.rows.tolist() == list(range(1, len(rows) + 1))


@pytest.mark.parametrize(
    ("text", "expected", "notes"),
    [
        ("x,y\n1,2\n3,4\n", ("x", "y"), []),
        ("\ufeffx;y\r\n1;2\r\n", ("x", "y"), ["UTF-8 with a byte order mark", "cut at semicolons"]),
        ("  1   2\n 3\t4\n", ("1", "2"), ["no header", "cut at blanks"]),
        ('"time, s"\t"v"\n1\t2\n', ("time, s", "v"), ["cut at tabs"]),
        ('"time s" "v"\n1   2\n', ("time s", "v"), ["cut at blanks"]),
        ("height; m,weight\n1,2\n", ("height; m", "weight"), []),
        ("x , y\n 1 , 2 \n", ("x", "y"), []),
        ("\n\nx,y\n\n1,2\n\n", ("x", "y"), []),
        ("+.5,1.e3\n-2,3E-4\n", ("1", "2"), ["no header"]),
        ("x|y\n1|2\n", ("x", "y"), ["cut at bars"]),
        ('x,y\n"1","2"\n', ("x", "y"), ["numbers in quotes"]),
        ("# from the lab\n# x y\n1 2\n", ("x", "y"), ["the line that begins with # names the columns"]),
        ("# from the lab, in May\nx,y\n1,2\n", ("x", "y"), ["lines that begin with # are comments"]),
        ("x;y\n1,5;2\n", ("x", "y"), ["cut at semicolons", "decimal commas"]),
        ('x,y\n"1,234.5",2\n', ("x", "y"), ["commas between thousands"]),
    ],
)
def test_delimiters_headers_and_blanks(text, expected, notes, tmp_path):
    path = tmp_path / "points.csv"
    path.write_bytes(text.encode("utf-8"))
    table = open_table(str(path))
    x, y = table.layout.choose()
    assert (*x, y) == expected
    assert all(note in table.notes for note in notes)
    assert bool(table.notes) == bool(notes)
    assert len(numbers_in(table, *x)[0]) > 0


@pytest.mark.parametrize(
    ("text", "encoding", "names", "said"),
    [
        ("时间,温度\n1,2\n", "gbk", ("时间", "温度"), "GBK"),
        ("时间（秒）,温度（℃）\n1,2\n", "gbk", ("时间（秒）", "温度（℃）"), "GBK"),
        ("Zeit [µs];Höhe\n1,5;2\n", "latin-1", ("Zeit [µs]", "Höhe"), "Latin-1"),
        ("t [°C],coût €\n1,2\n", "cp1252", ("t [°C]", "coût €"), "Latin-1"),
        ("время,температура\n1,2\n3,4\n", "cp1251", ("время", "температура"), "cp1251"),
        ("时间,µ\n1,2\n", "utf-16", ("时间", "µ"), "UTF-16"),
    ],
)
def test_other_encodings_are_understood_and_said(text, encoding, names, said):
    table = opened(text.encode(encoding))
    assert table.layout.names == names
    assert any(said in note for note in table.notes)
    told = opened(text.encode(encoding), encoding=encoding)
    assert told.layout.names == names
    assert not any(said in note for note in told.notes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x;y\n1,5;2\n", [1.5, 2]),
        ("x;y\n0,123;2\n", [0.123, 2]),
        ("x;y\n1.234,5;1.000\n", [1234.5, 1000]),
        ("x\ty\n1,234.5\t1,000\n", [1234.5, 1000]),
        ("x;y\n1,234,567;0.5\n", [1234567, 0.5]),
        ("x;y\n1,234;0.5\n", [1234, 0.5]),
        ("x;y\n1'234,5;2\n", [1234.5, 2]),
        ("x;y\n1\u202f234,5;2\n", [1234.5, 2]),
        ("x;y\n−1,5;2e−3\n", [-1.5, 0.002]),
        ("1,5 2,3\n", [1.5, 2.3]),
    ],
)
def test_marks_of_decimals_and_thousands_that_can_be_read_in_one_way(text, expected):
    table = opened(text)
    assert [column[0] for column in numbers_in(table, *table.layout.names)] == expected


@pytest.mark.parametrize("text", ["x;y\n1,234;2\n", "x;y\n1,5;1.5\n", "x;y\n1,5;1.234\n", "x;y\n1,234.5;1,5\n"])
def test_marks_that_can_be_read_in_two_ways_are_refused(text):
    table = opened(text)
    with pytest.raises(TableError, match=r"f:2: column .* is not a number"):
        numbers_in(table, "x", "y")


def test_the_decimal_mark_can_be_told():
    assert numbers_in(opened("x;y\n1,234;2\n", decimal=","), "x") == [[1.234]]
    assert numbers_in(opened("x;y\n1,234;2\n", decimal="."), "x") == [[1234]]
    with pytest.raises(TableError, match=r'"1,23" is not a number'):
        numbers_in(opened("x;y\n1,23;2\n", decimal="."), "x")


@given(whole=st.integers(0, 10**9), part=st.integers(0, 999), german=st.booleans(), negative=st.booleans())
def test_grouped_numbers_are_what_they_are(whole, part, german, negative):
    text = ("-" if negative else "") + f"{whole:,}.{part:03d}"
    text = text.translate(str.maketrans(",.", ".,")) if german else text
    column = Column("x", 0, decimal="," if german else ".", thousands="." if german else ",")
    assert column.number(text) == (-1 if negative else 1) * float(f"{whole}.{part:03d}")


@given(
    first=st.datetimes(datetime(1800, 1, 1), datetime(2200, 1, 1)),
    later=st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
    form=st.sampled_from(
        ["%Y-%m-%dT%H:%M:%S.%f", "%Y/%m/%d %H:%M:%S.%f", "%d.%m.%Y %H:%M:%S.%f", "%Y-%m-%d", "%d.%m.%Y"]
    ),
)
def test_dates_are_counted_to_the_bit(first, later, form):
    moments = [datetime.strptime(moment.strftime(form), form) for moment in (first, first + later)]
    cells = [moment.strftime(form).rjust(len(datetime(2000, 1, 1).strftime(form)), "0") for moment in moments]
    found = calendar(cells)
    unit = timedelta(days=1) if found.unit == "days" else timedelta(seconds=1)
    assert found.unit == ("days" if "%H" not in form else "seconds")
    assert [found.number(cell) for cell in cells] == [0, (moments[1] - moments[0]) / unit]


def test_dates_in_x():
    table = opened("day,v\n2024-02-28,1\n2024-03-01,2\n")
    assert table.layout.choose() == (("day",), "v")
    assert numbers_in(table, "day", "v") == [[0, 2], [1, 2]]
    assert table.layout.column("day").label == "day [days]"
    clock = opened("t,v\n2024-02-28T23:59:59+01:00,1\n2024-02-29T00:00:00.25+01:00,2\n2024-02-28 23:00:00Z,3\n")
    assert numbers_in(clock, "t") == [[0, 1.25, 1]]
    with pytest.raises(TableError, match="day/month or as month/day\nWrite dates as 2020-03-31"):
        opened("t,v\n03/04/2020,1\n05/04/2020,2\n").layout.column("t")
    assert numbers_in(opened("t,v\n03/04/2020,1\n25/04/2020,2\n"), "t") == [[0, 22]]
    assert numbers_in(opened("t,v\n03/04/2020,1\n03/25/2020,2\n"), "t") == [[0, 21]]
    with pytest.raises(TableError, match=r'f:3: column "t": "2020-02-30" is not a date like 2020-02-28'):
        numbers_in(opened("t,v\n2020-02-28,1\n2020-02-30,2\n"), "t")
    with pytest.raises(TableError, match=r'f:3: column "t": "2020-02-30 12:00Z" is not a date like'):
        numbers_in(opened("t,v\n2020-02-28,1\n2020-02-30 12:00Z,2\n"), "t")
    with pytest.raises(TableError, match=r'f:2: column "v": "2020-02-28" is a date, and only x'):
        numbers_in(opened("t,v\n1,2020-02-28\n2,3\n"), "v")


def test_columns_without_numbers_or_names_are_passed_over_unless_asked_for():
    labels = opened("city,day,t,v\nRome,2020-01-01,0,1\nOslo,2020-01-02,1,3").layout
    assert labels.choose() == (("day",), "t")
    assert labels.choose(["t"]) == (("t",), "v")
    assert labels.choose(["v"]) == (("v",), "t")
    assert labels.choose(y="t") == (("day",), "t")
    assert labels.choose(taken=["t"]) == (("day",), "v")
    numbered = opened(",t,v\n0,5,1\n1,6,3")
    assert numbered.layout.choose() == (("t",), "v")
    assert numbers_in(numbered, "1") == [[0, 1]]
    assert opened("a 1 2\nb 3 4").layout.choose() == (("2",), "3")


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", None, "f: the file is empty"),
        (" \n\n", None, "f: the file is empty"),
        ("# nothing\n", None, "f: there are only comments"),
        ("x,y\n", None, "f:1: there is a header and no data"),
        ("x,y\n1,2\n3\n", "x", "f:3: this line has 1 cell, and the header has 2"),
        ("x,y\n1,2\n\n3,4,5\n", "x", "f:4: this line has 3 cells, and the header has 2"),
        ("1\n2\n3 4\n", "1", 'f:3: column "1": "3 4" is not a number'),
        ("x,y\n1,2,\n3,4,5\n", "x", "f:2: this line has 3 cells, and the header has 2"),
        ("x,x\n1,2\n", None, 'f:1: columns 1 and 2 are both called "x"'),
        ("1,2\nn/a,4\n", "1", 'f:2: column "1": "n/a" is not a number (--skip-bad drops such rows)'),
        ("x,y\n1,2\n\n3,n/a\n4,\n", "y", "is not a number (--skip-bad drops such rows)\n2 of 3 rows cannot be read: "),
        ("x,y\n1,2\n3,\n", "y", 'f:3: column "y": the cell is empty'),
        ("x,y\n1,2\n3,NaN\n", "y", 'f:3: column "y": "NaN" is not a number'),
        ("x,y\n1,2\n3,-inf\n", "y", 'f:3: column "y": "-inf" is not a number'),
        ("x,y\n1,2\n3,1e999\n", "y", 'f:3: column "y": "1e999" does not fit into float64'),
        ("x,y\n1,2\n3,1e-999\n", "y", 'f:3: column "y": "1e-999" does not fit into float64'),
        ("x,y\n1,2\n3,1_000\n", "y", 'f:3: column "y": "1_000" is not a number'),
        ("x,y\n1,2\n3,0x10\n", "y", 'f:3: column "y": "0x10" is not a number'),
        ("x,y\n1,2\n3,٣\n", "y", 'f:3: column "y": "٣" is not a number'),
        ("x;y\n1,234;2\n2;3\n", "x", "For decimal commas: --decimal ,   for commas between thousands: --decimal ."),
        ("n/a,2\n3,4\n", None, 'f:1: "n/a" is not a number and "2" is'),
        ("x,2019\n3,4\n", None, 'f:1: "x" is not a number and "2019" is'),
        (",2\n,4\n", None, 'f:1: "" is not a number and "2" is'),
        ('x,y\n1,"2\n3,4\n', None, "f:2: a quoted cell is not closed"),
        ("x,y\n1,2\n", "z", 'f: there is no column "z"'),
        ("height,weight\n1,2\n", "heigt", 'Did you mean "height"? The columns are "height", "weight"'),
        ("height,weight\n1,2\n", "Weight", 'Did you mean "weight"?'),
    ],
)
def test_anything_else_is_refused_with_its_place(text, column, message):
    with pytest.raises(TableError) as refused:
        numbers_in(opened(text), *([column] if column else []))
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "x", "y", "message"),
    [
        (
            "a,b\nu,v\n",
            None,
            None,
            'f:2: a line needs two columns of numbers, and there is none; "a" has "u"\nThe columns are',
        ),
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
        opened(text).layout.choose([x] if x else [], y)
    assert message in str(refused.value)


def test_a_bad_cell_never_moves_the_choice_to_another_column():
    """A column with one bad cell is still the first one with numbers: refused, not passed over."""
    table = opened("x,y,z\n1,n/a,3\n2,5,4\n")
    assert table.layout.choose() == (("x",), "y")
    with pytest.raises(TableError, match='f:2: column "y"'):
        numbers_in(table, "y")


@given(
    bad=st.sets(st.integers(0, 19), min_size=1, max_size=19), kind=st.sampled_from(["n/a", "", "nan", "short", "long"])
)
def test_bad_rows_are_all_counted_and_can_be_left_out(bad, kind):
    lines = {"short": "5", "long": "5,6,7"}
    text = "x,y\n" + "".join(f"{lines.get(kind, f'{n},{kind}') if n in bad else f'{n},{2 * n}'}\n" for n in range(20))
    table = opened(text)
    with pytest.raises(TableError, match=rf"^f:{min(bad) + 2}: ") as refused:
        numbers_in(table, "x", "y")
    assert table.faults.count == len(bad)
    assert ("cannot be read" in str(refused.value)) == (len(bad) > 1)
    good = [n for n in range(20) if n not in bad]
    again = opened(text)
    found = read_columns(again, [again.layout.column(name) for name in "xy"], skip_bad=True)
    assert found.values.tolist() == [[n, 2 * n] for n in good]
    assert found.rows.tolist() == [n + 1 for n in good]


def test_no_row_left_is_refused():
    with pytest.raises(TableError, match="No row is left"):
        numbers_in(opened("x,y\n1,a\n2,b\n"), "x", "y", skip_bad=True)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"x,y\n1,\x002\n", ":2: a zero byte"),
        (bytes(range(256)), ": a zero byte"),
        (b'{"x": [1, 2]}', ": this is JSON, not a table"),
        (b"PK\x03\x04rest", ": this is a zip file, perhaps a spreadsheet"),
        (b"\x1f\x8b\x08", ": this is compressed by gzip, not text"),
        (b"\x89PNG\r\n", ": this is a picture"),
        (b"\x01\x02\x03\x04" * 9, ": this is not a text file"),
    ],
)
def test_files_that_are_no_text(data, message, tmp_path):
    path = tmp_path / "points.csv"
    path.write_bytes(data)
    with pytest.raises(TableError) as refused:
        open_table(str(path))
    assert f"{path}" in str(refused.value)
    assert message in str(refused.value)


def test_a_byte_that_is_wrong_far_down_is_located():
    text = b"x,y\n" + b"1,2\n" * 300_000
    table = opened(text + b"3,\xb5\n")
    with pytest.raises(TableError, match=r"f:300002: the byte 0xb5 is not UTF-8 text\n.*--encoding"):
        numbers_in(table, "x")
    with pytest.raises(TableError, match="the byte 0xff is not UTF-8 text"):
        opened(b"x,y\n1,\xff\n", encoding="utf-8")
    with pytest.raises(TableError, match='there is no encoding "klingon"'):
        opened(b"x,y\n1,2\n", encoding="klingon")


def test_paths_that_are_no_file(tmp_path):
    (tmp_path / "points.csv").write_text("1,2\n")
    with pytest.raises(TableError, match=r"there is no such file\nDid you mean .*points\.csv"):
        open_table(str(tmp_path / "pionts.csv"))
    with pytest.raises(TableError, match="There is no directory"):
        open_table(str(tmp_path / "nowhere" / "points.csv"))
    with pytest.raises(TableError, match="this is a directory"):
        open_table(str(tmp_path))


@given(st.text(alphabet="0123456789.,;+-eE \t\nxy\"na#/:'", max_size=30))
def test_whatever_is_typed_gives_finite_numbers_or_a_refusal(text):
    try:
        table = opened(text)
        (x,), y = table.layout.choose()
        columns = [table.layout.column(name) for name in (x, y)]
        values = read_columns(table, columns).values
    except TableError:
        return
    assert np.isfinite(values).all()
    # Each number stands in the text as it was read, by cell.
    rows = [cells for line, cells in table.layout.rows(text) if line > table.layout.above]
    read = [[column.number(cells[column.place]) for column in columns] for cells in rows]
    assert [row for row in read if None not in row] == values.tolist()


@given(st.lists(st.text(alphabet="0123456789.,+-eE_x naif\u00a0'", max_size=8), min_size=1, max_size=6))
def test_the_reader_of_blocks_reads_no_cell_that_the_reader_of_cells_refuses(cells):
    """NumPy's reader, and Python's with its own rules: what the first accepts, the second reads to the same bits."""
    layout = understand("a;b\n1;2\n", "f")
    column = layout.column("a")
    text = "".join(f"{cell};1\n" for cell in cells)
    values = reading._plain_numbers(text, layout, [column])
    if values is not None:
        kept = [cell.strip() for cell in cells]
        assert [column.number(cell) for cell in kept] == values[:, 0].tolist()


@given(
    text=st.text(alphabet="0123456789.-e \t\n\x0c\x1f;,", max_size=40),
    sample=st.sampled_from(["1 2\n3 4\n", "1\n2\n", "1;2\n3;4\n", "1,2\n3,4\n", "1\t2\n3\t4\n"]),
)
def test_the_reader_of_blocks_cuts_lines_as_the_reader_of_cells_does(text, sample):
    layout = understand(sample, "f")
    columns = [layout.column(name) for name in layout.names]
    values = reading._plain_numbers(text, layout, columns)
    if values is not None:
        rows = [cells for _, cells in layout.rows(text)]
        assert all(len(cells) == len(columns) for cells in rows)
        assert [[c.number(cell) for c, cell in zip(columns, cells, strict=True)] for cells in rows] == values.tolist()


def test_a_pipe_is_read_once():
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

    stream = Pipe(b"x,y\n1,2\n")
    table = TextFile("f", stream, stream.read(reading._HEAD))
    assert table.size is None
    assert numbers_in(table, "x") == [[1]]
    with pytest.raises(TableError, match="a pipe can be read once only"):
        numbers_in(table, "x")


def test_parquet(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = str(tmp_path / "points.parquet")
    days = [datetime(2024, 2, 28), datetime(2024, 3, 1), datetime(2024, 3, 2)]
    content = {
        "n": [1, 2, None],
        "f": [0.1, math.pi, 5e-324],
        "s": ["1", "2", "3"],
        "day": pyarrow.array([day.date() for day in days]),
        "t": pyarrow.array(days, pyarrow.timestamp("ms")),
    }
    parquet.write_table(pyarrow.table(content), path)
    table = open_table(path)
    assert table.layout.names == ("n", "f", "s", "day", "t")
    assert numbers_in(table, "f", "day", "t") == [[0.1, math.pi, 5e-324], [0, 2, 3], [0, 172800, 259200]]
    assert numbers_in(table, "n", skip_bad=True) == [[1, 2]]
    with pytest.raises(TableError, match=r'row 3: column "n": the cell is empty \(--skip-bad'):
        numbers_in(table, "n")
    with pytest.raises(TableError, match='column "s" holds string, not numbers'):
        numbers_in(table, "s")
    with pytest.raises(TableError, match='there is no column "g"'):
        table.layout.column("g")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(TableError, match="this Parquet file cannot be read"):
        open_table(str(tmp_path / "broken.parquet"))


# ---------------------------------------------------------------------------- what instruments and Excel write


metadata = st.lists(
    st.sampled_from(
        ["Instrument: Keithley 2000", "Operator,Anna", "[data]", "Date,2020-01-01", "Run 5,3", "! note", "a;b", "x\ty"]
    ),
    min_size=1,
    max_size=6,
)
points = st.lists(st.tuples(numbers, numbers), min_size=4, max_size=9)


@given(
    above=metadata, blank=st.booleans(), rows=points, unit=st.sampled_from([[], ["s,mV"], ["[s],"], ["seconds,m/s^2"]])
)
def test_text_above_a_table_and_units_in_it_change_no_number(above, blank, rows, unit):
    # A blank line keeps a metadata line of two words from being names above units.
    lines = [*above, *([""] if blank else []), "t,v", *unit, *(f"{x!r},{y!r}" for x, y in rows)]
    table = opened("\n".join(lines) + "\n")
    assert table.layout.names == ("t", "v")
    assert numbers_in(table, "t", "v") == [list(column) for column in zip(*rows, strict=True)]
    assert f"the table begins at line {len(above) + blank + 1}" in table.notes
    assert any(f"line {len(above) + blank + 2} has the units" in note for note in table.notes) == bool(unit)


def first_two(text):
    """The numbers of the columns that are taken where none are named."""
    table = opened(text)
    (x,), y = table.layout.choose()
    return numbers_in(table, x, y)


@given(rows=points, bad=st.integers(0, 8), words=st.sampled_from(["oops,1", "1,oops", "1,2,3", "7", "n/a,n/a"]))
def test_a_line_that_could_be_a_point_is_never_passed_over(rows, bad, words):
    lines = [f"{x!r},{y!r}" for x, y in rows]
    lines.insert(bad, words)
    texts = ["\n".join(lines), "t,v\n" + "\n".join(lines)]
    if "oops" not in words:  # with a word in it, a line above the names is none of the points
        texts.append(words + "\nt,v\n" + "\n".join(lines[:bad] + lines[bad + 1 :]))
    for text in texts:
        with pytest.raises(TableError):
            first_two(text + "\n")
    kept = opened("t,v\n" + "\n".join(lines) + "\n")
    assert numbers_in(kept, "t", "v", skip_bad=True) == [list(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize(
    ("text", "columns", "note"),
    [
        ("sep=;\nt;v\n0;1\n1;3\n", ("t", "v"), "cut at semicolons"),
        ("sep=\t\r\n0\t1\r\n1\t3\r\n", ("1", "2"), "cut at tabs"),
        ("t,v\n0,1,\n1,3,\n", ("t", "v"), "lines end with an empty cell"),
        ("t,v,\n0,1\n1,3\n", ("t", "v"), None),
        ("t,v\n0,1\n1,3\n,\n,\n", ("t", "v"), None),
        ("t;v;;\n0;1;;\n1;3;;\n;;;\n", ("t", "v"), "cut at semicolons"),
        ("% a note\nt,v\n0,1\n% off\n1,3\n", ("t", "v"), "lines that begin with % are comments"),
        ("% t v\n0 1\n1 3\n", ("t", "v"), "the line that begins with % names the columns"),
        ("# a note\n% t v\n0 1\n1 3\n", ("t", "v"), "the line that begins with % names the columns"),
        ("time (s)   volts (V)\n  0  1\n  1  3\n", ("time (s)", "volts (V)"), "cut at blanks"),
        ("| t | v |\n|---|:---:|\n| 0 | 1 |\n| 1 | 3 |\n", ("t", "v"), "cut at bars"),
        (" t | v \n---+---\n 0 | 1\n 1 | 3\n", ("t", "v"), "cut at bars"),
        ("==== ====\nt    v\n==== ====\n0    1\n1    3\n==== ====\n", ("t", "v"), "cut at blanks"),
        ("t,v\n0.0D+00,1.0D0\n.1D+01,30.d-1\n", ("t", "v"), "exponents with D"),
    ],
)
def test_what_instruments_write_is_understood(text, columns, note):
    table = opened(text)
    assert numbers_in(table, *columns) == [[0.0, 1.0], [1.0, 3.0]]
    assert note is None or note in table.notes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "t,v\n0,12 %\n1,13 %\n",
            'f:2: a line needs two columns of numbers, and only "t" has any; "v" has "12 %"\nLeave out',
        ),
        (
            "t,v\n0,1\n1,3%\n",
            'f:3: column "v": "3%" is not a number (--skip-bad drops such rows)\nLeave out the sign %',
        ),
        ("t,v\n0,1.5 mV\n1,2 mV\n", '"v" has "1.5 mV"\nWrite the number alone: its unit'),
        ("t,v\n0,$1\n1,$2\n", '"v" has "$1"\nWrite the number alone'),
        ("t,v\n0,2.0±0.1\n1,3±1\n", '"v" has "2.0±0.1"\nPut the error into a column of its own, for --sigma'),
        ("t,v\n13:30,1\n13:31,2\n", '"t" has "13:30"\nA time needs its seconds, 13:30:00'),
        ("t,v\n23:59:59,1\n00:00:01,2\n", 'f:3: column "t": 00:00:01 stands below 23:59:59: perhaps of the next day'),
        ("t,v\n10:00:00,1\n24:00:01,2\n", 'f:3: column "t": "24:00:01" is not a date like 10:00:00'),
        ("t,v\n10:00:00,1\n2020-01-01,2\n", 'f:2: column "t": "10:00:00" is not a date like 2020-01-01'),
        ("t,v\n1 Mar 2020,1\n2 Mar 2020,2\n", '"t" has "1 Mar 2020"\nWrite dates as 2020-03-31'),
        ("t,v\n10.03.20,1\n11.03.20,2\n", '"t" has "10.03.20"\nWrite dates as 2020-03-31'),
        ("t,v\n3/14/2020 1:30 PM,1\n3/15/2020 1:30 PM,2\n", '1:30 PM"\nWrite dates as 2020-03-31'),
        ("t;v\n1 000;1\n2 000;2\n", '"t" has "1 000"\nWrite 1000, with nothing between the digits'),
        ("t,v\n0,1\n1_000,2\n", '"1_000" is not a number (--skip-bad drops such rows)\nWrite 1000'),
        ("t,v\n0,(1)\n1,(2)\n", '"v" has "(1)"\nWrite a negative number with a minus'),
        ("t,v\n0,'1'\n1,'2'\n", '"v" has "\'1\'"\nQuote cells with ", or not at all'),
        ("t:v\n0:1\n1:2\n", 'has "0:1"\nCut it at another sign: --delimiter'),
        ('t,v\n0,1\n1,"2\n3,4\n5,6\n', "f:3: a quoted cell is not closed"),
        ("<!DOCTYPE html>\n<html></html>\n", "f: this is HTML or XML, not a table"),
    ],
)
def test_what_is_almost_a_number_is_refused_with_what_to_write(text, reason):
    with pytest.raises(TableError) as refused:
        first_two(text)
    assert reason in str(refused.value)


def test_other_ways_to_compress_are_named():
    import bz2
    import lzma

    for compress, name in ((bz2.compress, "bzip2"), (lzma.compress, "xz")):
        with pytest.raises(
            TableError, match=rf"compressed by {name}, not text\nDecompress it: .* 'my f' \| minigrad fit -"
        ):
            opened(compress(b"t,v\n0,1\n1,2\n"), "my f")


def test_points_that_could_separate_thousands_are_said_to_be_decimal():
    """German Excel writes a thousand as 1.000: with nothing else in the file that tells, the reader is told."""
    assert "1.000 is read as 1 (--decimal , if points separate thousands)" in opened("t;v\n1.000;10\n2.500;20\n").notes
    assert numbers_in(opened("t;v\n1.000;10\n2.500;20\n", decimal=","), "t") == [[1000.0, 2500.0]]
    for clear in ("t;v\n1.000;1.5\n2.500;2\n", "t,v\n1.000,10\n2.500,20\n", "t;v\n0.500;10\n1.000;20\n"):
        assert not any("is read as" in note for note in opened(clear).notes)


def test_parquet_with_nanoseconds_and_with_empty_rows_at_its_head(tmp_path):
    """Python's dates end at microseconds; and the first 1,000 rows of a column may be empty."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = str(tmp_path / "points.parquet")
    start = 1_600_000_000_000_000_001
    for zone in (None, "UTC"):
        moments = pyarrow.array([start + k * 10**9 for k in range(4)], pyarrow.timestamp("ns", tz=zone))
        parquet.write_table(pyarrow.table({"t": moments, "v": [1.0, 2.0, 3.0, 4.0]}), path)
        table = open_table(path)
        assert numbers_in(table, "t", "v") == [[0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 4.0]]
        assert "12:26:40.000000001" in table.layout.column("t").calendar.note
        assert table.layout.column("t").calendar.zoned == (zone is not None)
    late = [None] * 1500 + [0.0, 1.0]
    parquet.write_table(pyarrow.table({"a": late, "b": late, "c": late}), path)
    assert numbers_in(open_table(path), "a", "b", skip_bad=True) == [[0.0, 1.0]] * 2
    with pytest.raises(TableError, match="there is none\nThe columns are"):
        open_table(path).layout.choose()


def test_broken_numbers_are_no_names():
    """A line with a typing error below a header is not the header of what is below it."""
    with pytest.raises(TableError, match="f:2: "):
        first_two("day,v\n2020%01-02,2NA\n2020-01-13,3\n2020-01-14,4\n")
    with pytest.raises(TableError, match="f:2: "):
        first_two("day,v\n2O2O-01-02,2O\n2020-01-13,3\n2020-01-14,4\n")


@pytest.mark.parametrize("error", ["#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"])
def test_an_error_of_excel_in_the_first_column_is_no_comment(error):
    with pytest.raises(TableError, match='f:3: column "t": "#'):
        first_two(f"t,v\n0,1\n{error},2\n2,3\n")
    assert "comments" not in " ".join(opened(f"t,v\n0,1\n{error},2\n2,3\n").notes)


def test_points_that_could_separate_thousands_in_a_table_from_the_clipboard():
    assert (
        "1.000 is read as 1 (--decimal , if points separate thousands)" in opened("t\tv\n1.000\t10\n2.500\t20\n").notes
    )


@given(
    seconds=st.lists(st.integers(0, 86_399_999), min_size=2, max_size=9, unique=True).map(sorted),
    mark=st.sampled_from([".", ","]),
    block=st.integers(1, 40),
)
def test_times_of_day_are_seconds(seconds, mark, block):
    cells = [f"{n // 3_600_000}:{n // 60_000 % 60:02}:{n // 1000 % 60:02}{mark}{n % 1000:03}" for n in seconds]
    table = opened("t;v\n" + "".join(f"{cell};1\n" for cell in cells), block=block)
    # Correctly rounded: the difference is taken before it is divided.
    assert numbers_in(table, "t") == [[(n - seconds[0]) / 1000 for n in seconds]]
    assert table.layout.column("t").calendar.note == f"times of day as seconds since {cells[0]}"
    # A second reading begins anew.
    assert len(numbers_in(table, "t")[0]) == len(seconds)


def test_times_of_day_of_parquet_are_refused(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = str(tmp_path / "points.parquet")
    for kind in (pyarrow.time64("us"), pyarrow.duration("s")):
        parquet.write_table(pyarrow.table({"t": pyarrow.array([1, 2], kind), "v": [1.0, 2.0]}), path)
        with pytest.raises(TableError, match=r'column "t" holds (time|duration).*, not numbers'):
            numbers_in(open_table(path), "t")


@pytest.mark.parametrize(
    ("text", "columns", "notes"),
    [
        (
            '"TOA5","station","CR1000"\n"AT","RECORD","AirTC"\n"TS","RN","Deg C"\n"","","Avg"\n5,0,1\n6,1,3\n',
            ("RECORD", "AirTC"),
            ("the table begins at line 2", "line 3 has the units TS, RN, Deg C", "line 4 has the units Avg"),
        ),
        (
            "Long Name\tTime\tVoltage\nUnits\ts\tV\nComments\t\t\n7\t0\t1\n8\t1\t3\n",
            ("Time", "Voltage"),
            ("line 2 has the units Units, s, V", "line 3 has the units Comments"),
        ),
        ("#Res,1.0\n[Spectrum]\n[Data]\n0,1\n1,3\n", ("1", "2"), ("no header", "the table begins at line 4")),
        ("! Touchstone\n0 1 5\n1 3 5\n", ("1", "2"), ("no header", "the table begins at line 2")),
        ("t,v\n! a note\n// two, of, them\n0,1\n1,3\n", ("t", "v"), ("line 2 is passed over", "line 3 is passed over")),
        ("Run A\nt,v\n! a note\n0,1\n1,3\n", ("t", "v"), ("the table begins at line 2", "line 3 is passed over")),
        # What stands above a section belongs to another.
        ("Operator,Smith\n[Data]\n0,1\n1,3\n", ("1", "2"), ("no header", "the table begins at line 3")),
    ],
)
def test_what_loggers_write_above_their_numbers(text, columns, notes):
    table = opened(text)
    assert numbers_in(table, *columns) == [[0.0, 1.0], [1.0, 3.0]]
    assert table.notes[: len(notes)] == notes


@pytest.mark.parametrize(
    ("broken", "hint"),
    [
        ("5%,3%", "Leave out the sign %"),
        ("0 s,1 V", "Write the number alone"),
        ("5%,1.5 m/s", "Leave out the sign %"),
        ("(1.5),(2.5)", "Write a negative number with a minus"),
        ("'1','2'", 'Quote cells with "'),
        ("€1,€2", "Write the number alone"),
        ("1_000,2 000", "Write 1000"),
    ],
)
def test_a_first_point_that_is_broken_does_not_become_the_names(broken, hint):
    with pytest.raises(
        TableError, match=r"^f:1: .* is almost a number: the line may be a header or a point\n"
    ) as error:
        opened(f"{broken}\n0,1\n1,3\n")
    assert hint in str(error.value)
    assert str(error.value).splitlines()[-1].startswith("For a header give the columns names")


@pytest.mark.parametrize("broken", ["1 s,1 V", "(1.5),(2.5)", "5%,3%"])
def test_a_point_that_is_broken_does_not_become_the_units(broken):
    """Refused where it is read, below the names; it was passed over as a line of units."""
    table = opened(f"t,v\n{broken}\n0,1\n1,3\n")
    assert table.layout.names == ("t", "v")
    with pytest.raises(TableError, match=r"^f:2: "):
        numbers_in(table, "t", "v")


@pytest.mark.parametrize(
    "names", [("2019 sales", "2020 sales"), ("1.5x", "2.5y"), ("1st", "2nd"), ("5% NaCl", "9% NaCl")]
)
def test_names_that_begin_with_a_digit_are_told(names):
    table = opened(f"{','.join(names)}\n0,1\n1,3\n")
    assert numbers_in(table, *names) == [[0.0, 1.0], [1.0, 3.0]]
    listed = ", ".join(f'"{name}"' for name in names)
    assert table.notes == (f"line 1 names the columns: {listed} (--no-header: it is a point)",)


@pytest.mark.parametrize("names", ["t,1/T", "'t','v'", "(t),(v)", "x 1,x 2", "m,%"])
def test_names_that_are_none_but_names_are_not(names):
    assert opened(f"{names}\n0,1\n1,3\n").notes == ()


def test_comments_among_the_data_are_told():
    commented = "the line that begins with # names the columns"
    also = "lines that begin with # are comments"
    assert opened("# t,v\n0,1\n#1,2\n2,3\n").notes == (commented, also)
    assert opened("# in May\n# t,v\n0,1\n2,3\n").notes == (commented,)


@given(st.lists(st.sampled_from(["1,2", "#3,4", "%5,6"]), max_size=12))
def test_comments_that_stand_below_what_was_looked_at_are_counted(lines):
    head = "t,v\n" + "0,1\n" * 4
    text = (head + "".join(f"{line}\n" for line in lines)).encode()
    table = TextFile("f", io.BytesIO(text), text[: len(head)], block=7)
    # As in a file longer than what is looked at first; the second pass counts anew.
    table._stream.seek(len(head))
    for _ in range(2):
        list(table.blocks([table.layout.column("t")]))
        assert table.comments.count == sum(line[0] in "#%" for line in lines)
        assert table.comments.lines == [n for n, line in enumerate(lines, 6) if line[0] in "#%"][:5]
    told = opened("t,v\n# off\n0,1\n")
    list(told.blocks([told.layout.column("t")]))
    assert told.comments.count == 0


@pytest.mark.parametrize(("delimiter", "ruled"), [("\t", "---\t---"), ("|", "---|---"), (" ", "--- ---")])
@pytest.mark.parametrize("block", [1, 2**22])
def test_a_row_of_signs_of_missing_values_is_no_rule(delimiter, ruled, block):
    row = delimiter.join
    lines = [row("tv"), ruled, row("01"), ruled, row("13"), ruled, row("25")]
    table = opened("\n".join(lines), block=block)
    with pytest.raises(TableError, match=r'^f:4: column "t": "---" is not a number'):
        numbers_in(table, "t", "v")
    assert table.faults.lines == [4, 6]
    assert numbers_in(table, "t", "v", skip_bad=True) == [[0.0, 1.0, 2.0], [1.0, 3.0, 5.0]]


@pytest.mark.parametrize("rule", ["---", "----\t----", "---+---", "===\t==="])
def test_a_rule_among_the_data_is_one(rule):
    assert numbers_in(opened(f"t\tv\n0\t1\n{rule}\n1\t3\n"), "t", "v") == [[0.0, 1.0], [1.0, 3.0]]


@pytest.mark.parametrize(
    ("cell", "note"), [("1'234", "apostrophes"), ("1’234", "apostrophes"), ("1\u202f234", "no-break spaces")]
)
def test_every_separator_of_thousands_is_told(cell, note):
    table = opened(f"t,v\n0,{cell}\n1,3\n")
    assert numbers_in(table, "v") == [[1234.0, 3.0]]
    assert table.notes == (f"{note} between thousands",)
    assert opened(f"it{cell},v\n0,1\n1,3\n").notes == ()


def test_a_row_that_is_left_out_does_not_move_the_clock():
    text = "at,v\n13:00:01,1\n13:00:03,bad\n13:00:02,4\n13:00:05,5\n"
    assert numbers_in(opened(text), "at", "v", skip_bad=True) == [[0.0, 1.0, 4.0], [1.0, 4.0, 5.0]]
    with pytest.raises(TableError, match=r"^f:4: .*13:00:02 stands below 13:00:03"):
        numbers_in(opened(text.replace("bad", "2")), "at", "v", skip_bad=True)


def test_a_point_cut_at_another_sign_is_not_passed_over():
    with pytest.raises(TableError):
        first_two("0;1\n1,3\n2,5\n3,7\n")


def test_numbers_in_one_cell_are_no_name():
    with pytest.raises(TableError):
        first_two("0 1\t1 2\n2 3.5\n3 4.5\n")
