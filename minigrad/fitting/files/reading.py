"""Files of numbers, block by block: text in any encoding, and Parquet.

One idea: a file is read in blocks of a few megabytes, so a file larger than memory is no other case. A
block of plain numbers goes to NumPy's reader, which reads to the last bit; anything else in it, cell
by cell, to Python's, which says what is wrong and where.
"""

import codecs
import difflib
import io
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ..found import Floats
from .dates import EPOCH
from .lines import COMMENTS, TableError
from .table import Column, Layout, comments_in, counted, understand

_HEAD = 2**20
"""How many bytes are read to understand a file."""
_BLOCK = 2**22

_UNICODE_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_BINARIES = (
    (b"PK\x03\x04", "a zip file, perhaps a spreadsheet", "Save the table as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document", "Save the table as CSV"),
    (b"\x1f\x8b", "compressed by gzip", "Decompress it: gunzip -c {} | minigrad fit -"),
    (b"BZh", "compressed by bzip2", "Decompress it: bunzip2 -c {} | minigrad fit -"),
    (b"\xfd7zXZ\x00", "compressed by xz", "Decompress it: unxz -c {} | minigrad fit -"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "Decompress it: unzstd -c {} | minigrad fit -"),
    (b"%PDF", "a PDF document", "Save the table in it as CSV"),
    (b"\x89PNG", "a picture", "A table of numbers is needed"),
    (b"SIMPLE  =", "a FITS file", "Save its table as CSV or Parquet"),
    (b"\x89HDF", "an HDF5 file", "Save the table in it as CSV or Parquet"),
    (b"\x93NUMPY", "an array of NumPy", "Save it as text: numpy.savetxt"),
    (b"ARROW1", "an Arrow or Feather file", "Save it as Parquet"),
    (b"MATLAB 5.0", "a file of MATLAB", "Save the columns as text: writematrix"),
)

_AS_CSV = "Save the table as CSV, in UTF-8"
_ZERO_BYTES = f"{_AS_CSV}; if it is UTF-16 without a mark: --encoding utf-16-le"


@dataclass(frozen=True)
class Block:
    """Some rows: their numbers, of shape (n, k), and their place among the rows of the file, from 1."""

    values: Floats
    rows: NDArray[np.int64]


@dataclass
class Faults:
    """The rows that could not be read: the first with its reason, all of them counted."""

    noun: str
    """What the numbers of `lines` count: "line" of a text, or "row"."""
    first: str = ""
    lines: list[int] = field(default_factory=list)
    count: int = 0
    rows: int = 0
    """How many rows were read, good and bad."""

    def add(self, line: int, reason: str = "") -> None:
        """Note a row that cannot be used."""
        self.first = self.first or reason
        self.count += 1
        if len(self.lines) < 5:
            self.lines.append(line)

    @property
    def share(self) -> str:
        """How many of the rows they are."""
        return f"{self.count:,} of {counted(self.rows, 'row')}"

    @property
    def listed(self) -> str:
        """Where they stand, the first five of them."""
        more = ", ..." if self.count > len(self.lines) else ""
        return f"{self.noun if self.count == 1 else self.noun + 's'} {', '.join(map(str, self.lines))}{more}"


class TextFile:
    """A text file as a table. `layout` says how it is cut, `notes` what was assumed on the way."""

    def __init__(
        self,
        source: str,
        stream: BinaryIO,
        head: bytes,
        *,
        delimiter: str = "auto",
        header: bool | None = None,
        decimal: str = "auto",
        encoding: str = "auto",
        block: int = _BLOCK,
    ) -> None:
        self._stream = stream
        self._head = head
        self._block = block
        self._started = False
        self.size = _size(stream)
        self.faults = Faults("line")
        self.comments = Faults("line")
        self._latest: dict[int, tuple[float, str]] = {}  # of columns of times of day, by place
        if encoding == "auto":
            _refuse_binary(self._head, source)
            self.encoding, said = _encoding(self._head, source)
        else:
            self.encoding, said = _of_texts(encoding), ""
        whole = len(head) < _HEAD
        try:
            text = codecs.getincrementaldecoder(self.encoding)().decode(self._head, final=whole)
        except UnicodeDecodeError as error:
            raise TableError(self._undecodable(source, error, 0)) from None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise TableError(f"{source}:{line}: a zero byte: this is not a text file\n{_ZERO_BYTES}")
        if not whole:
            text = text[: text.rfind("\n") + 1] or text
        self.layout = understand(text, source, delimiter=delimiter, header=header, decimal=decimal)
        self.notes = ((said,) if said else ()) + self.layout.notes

    @property
    def read(self) -> int:
        """How many bytes have been read."""
        return self._stream.tell() if self.size is not None else 0

    @property
    def again(self) -> bool:
        """Whether the file can be read a second time; a pipe cannot."""
        return self._stream.seekable()

    def blocks(self, columns: Sequence[Column], *, skip_bad: bool = False) -> Iterator[Block]:
        """Yield the numbers in these columns, block by block.

        Raises TableError at the end if a row could not be read, with the first reason and all such rows counted; with
        `skip_bad` they are left out, and `faults` knows them.
        """
        self.faults, self.comments = Faults("line"), Faults("line")
        self._latest.clear()
        for text, above in self._texts():
            for line, _ in comments_in(text, above) if not self.layout.comments else ():
                self.comments.add(line)
            values = _plain_numbers(text, self.layout, columns)
            if values is None:
                yield self._one_by_one(text, above, columns)
            elif len(values):
                self.faults.rows += len(values)
                yield Block(values, np.arange(self.faults.rows - len(values) + 1, self.faults.rows + 1))
        _judge(self.faults, skip_bad)

    def _one_by_one(self, text: str, above: int, columns: Sequence[Column]) -> Block:
        """The rows of a block, read cell by cell."""
        values: list[list[float]] = []
        rows: list[int] = []
        source, width = self.layout.source, len(self.layout.names)
        for line, cells in self.layout.rows(text, above, begun=self.faults.rows > 0):
            self.faults.rows += 1
            if len(cells) != width:
                self.faults.add(line, f"{source}:{line}: {self.layout.ragged(cells)}")
                continue
            numbers: list[float] = []
            for column in columns:
                number = column.number(cells[column.place])
                if number is None:
                    where = f'{source}:{line}: column "{column.name}"'
                    self.faults.add(line, f"{where}: {column.refusal(cells[column.place])}")
                    break
                numbers.append(number)
            else:
                for column, number in zip(columns, numbers, strict=True):
                    if column.calendar is not None and column.calendar.clock:
                        where = f'{source}:{line}: column "{column.name}"'
                        self._forwards(column.place, number, cells[column.place], where)
                values.append(numbers)
                rows.append(self.faults.rows)
        return Block(np.array(values, dtype=np.float64).reshape(-1, len(columns)), np.array(rows, dtype=np.int64))

    def _forwards(self, place: int, number: float, cell: str, where: str) -> None:
        """Note a time of day, and refuse one that is earlier than the last: it may be of the next day, or may not."""
        last, written = self._latest.get(place, (number, cell))
        if number < last:
            raise TableError(
                f"{where}: {cell} stands below {written}: perhaps of the next day, perhaps not\n"
                "Write times with their dates: 2020-03-31 13:30:00"
            )
        self._latest[place] = number, cell

    def _texts(self) -> Iterator[tuple[str, int]]:
        """The lines of data in blocks that end at the end of a row, each with the number of lines above it."""
        if self._started and not self.again:
            raise TableError(f"{self.layout.source}: a pipe can be read once only\nSave it in a file first")
        if self._started:
            self._stream.seek(0)
            self._head = self._stream.read(_HEAD)
        self._started = True
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(self.encoding)(), translate=True)
        raw, rest, above, header = self._head, "", 0, True
        while True:
            try:
                rest += decoder.decode(raw, final=not raw)
            except UnicodeDecodeError as error:
                line = above + rest.count("\n")
                raise TableError(self._undecodable(self.layout.source, error, line)) from None
            end = len(rest) if not raw else rest.rfind("\n") + 1
            # A quoted cell may hold line ends: a row ends where every quote is closed.
            if end and (not raw or rest.count('"', 0, end) % 2 == 0):
                text, rest = rest[:end], rest[end:]
                lines = text.count("\n")
                if header:
                    start = 0
                    for _ in range(self.layout.above):
                        start = text.find("\n", start) + 1
                    yield text[start:], self.layout.above
                    header = False
                else:
                    yield text, above
                above += lines
            if not raw:
                return
            raw = self._stream.read(self._block)

    def _undecodable(self, source: str, error: UnicodeDecodeError, above: int) -> str:
        line = above + error.object.count(b"\n", 0, error.start) + 1
        name = "UTF-8" if self.encoding.startswith("utf-8") else self.encoding
        byte = f"0x{error.object[error.start]:02x}"
        return (
            f"{source}:{line}: the byte {byte} is not {name} text\nName the encoding: --encoding latin-1, for example"
        )


class ParquetFile:
    """A Parquet file as a table. Needs pyarrow."""

    encoding = ""
    again = True
    comments = Faults("row")  # there are none

    def __init__(self, source: str, stream: BinaryIO, head: bytes) -> None:
        try:
            import pyarrow as arrow
            import pyarrow.parquet as parquet
        except ModuleNotFoundError:
            raise TableError(
                f'{source}: Parquet needs pyarrow, which is not installed: pip install "minigrad[parquet]"'
            ) from None
        self._arrow = arrow
        try:
            self._file = parquet.ParquetFile(stream if stream.seekable() else io.BytesIO(head + stream.read()))
            first = next(self._file.iter_batches(batch_size=1000), None)
        except (arrow.ArrowException, OSError) as error:
            raise TableError(f"{source}: this Parquet file cannot be read: {str(error).splitlines()[0]}") from None
        self.faults = Faults("row")
        self.size: int | None = self._file.metadata.num_rows
        self.read = 0
        names = tuple(self._file.schema_arrow.names)
        for place, name in enumerate(names):
            if name in names[:place]:
                raise TableError(f'{source}: two columns are called "{name}"\nGive each column its own name')
        if first is None or not first.num_rows:
            raise TableError(f"{source}: the file has no rows")
        cells = zip(*([_written(cell) for cell in column] for column in first.columns), strict=True)
        sample = [(n, list(row)) for n, row in enumerate(cells, 1)]
        self.layout = Layout(source, ",", names, True, 0, ".", "", (), sample)
        self.notes: tuple[str, ...] = ()

    def blocks(self, columns: Sequence[Column], *, skip_bad: bool = False) -> Iterator[Block]:
        """Yield the numbers in these columns, batch by batch; see `TextFile.blocks`."""
        self.faults = Faults("row")
        self.read = 0
        for batch in self._file.iter_batches(columns=[column.name for column in columns]):
            values = np.column_stack([self._numbers(batch.column(column.name), column) for column in columns])
            good = np.isfinite(values).all(axis=1)
            for place in np.flatnonzero(~good):
                row = self.faults.rows + int(place) + 1
                wrong = next(column for column, value in zip(columns, values[place], strict=True) if value - value != 0)
                cell = batch.column(wrong.name)[int(place)]
                what = f'"{cell}" is not a number' if cell.is_valid else "the cell is empty"
                reason = f'row {row}: column "{wrong.name}": {what} (--skip-bad drops such rows)'
                self.faults.add(row, f"{self.layout.source}: {reason}")
            rows = np.arange(self.faults.rows + 1, self.faults.rows + batch.num_rows + 1)
            self.faults.rows += batch.num_rows
            self.read = self.faults.rows
            yield Block(values[good], rows[good])
        _judge(self.faults, skip_bad)

    def _numbers(self, cells: Any, column: Column) -> Floats:
        """A column of a batch as numbers, NaN where a cell is empty."""
        types, kind = self._arrow.types, cells.type
        if (types.is_timestamp(kind) or types.is_date(kind)) and column.calendar is not None:
            moments = cells.cast(self._arrow.timestamp("ns", tz=getattr(kind, "tz", None))).cast(self._arrow.int64())
            whole = np.asarray(moments.fill_null(0).to_numpy(zero_copy_only=False))
            unit = 86_400 * 10**9 if column.calendar.unit == "days" else 10**9
            found = (whole - (column.calendar.first - EPOCH)) / unit
            return np.where(cells.is_null().to_numpy(zero_copy_only=False), np.nan, found)
        if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
            return np.asarray(cells.cast(self._arrow.float64(), safe=False).to_numpy(zero_copy_only=False))
        raise TableError(f'{self.layout.source}: column "{column.name}" holds {kind}, not numbers')


def _written(cell: Any) -> str:
    """A cell of a Parquet file as text, "" where it is empty."""
    if not cell.is_valid:
        return ""
    try:
        return str(cell)
    except ValueError:
        # Nanoseconds are more than Python's dates can hold.
        return f"{np.datetime64(cell.value, 'ns')}{'Z' if cell.type.tz else ''}"


Table = TextFile | ParquetFile


def open_table(
    path: str,
    *,
    delimiter: str = "auto",
    header: bool | None = None,
    decimal: str = "auto",
    encoding: str = "auto",
) -> Table:
    """Return the table in the file at `path`, or in the standard input if that is "-", ready to be read.

    `header=False` says that the first line is data; the other options are found where they are "auto". Raises
    TableError for a file that is missing, no file, no text, empty or without data.
    """
    source = "standard input" if path == "-" else path
    try:
        # The table keeps its file open while it is read, and reads it anew for a second pass.
        stream = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115
        head = stream.read(_HEAD)
    except FileNotFoundError:
        raise TableError(f"{source}: there is no such file{_nearest_file(Path(path))}") from None
    except IsADirectoryError:
        raise TableError(f"{source}: this is a directory\nName a file in it") from None
    except OSError as error:
        raise TableError(f"{source}: cannot be read: {error.strerror or error}") from None
    if head.startswith(b"PAR1"):
        return ParquetFile(source, stream, head)
    return TextFile(source, stream, head, delimiter=delimiter, header=header, decimal=decimal, encoding=encoding)


def _plain_numbers(text: str, layout: Layout, columns: Sequence[Column]) -> Floats | None:
    """The numbers of a block, if it is plain: read by NumPy, whose reader rounds as Python's float does.

    None where anything in the block asks for a closer look. Measured on 10,000,000 rows of two columns, read and
    fitted: 7.6 s of work and 132 MB; pandas reading them at once and polyfit 1.9 s and 817 MB, and 0.6 s to import
    pandas, which a small file would wait for. One reader is easier to trust than two.
    """
    if not text.strip():
        return np.empty((0, len(columns)))
    if not all(column.plain for column in columns) or not text.isascii():
        return None
    # Quotes and comments; numbers below float64's range, which become 0 without a word; NaN and infinity.
    if (
        '"' in text
        or any(mark in text for mark in COMMENTS)
        or re.search(r"e-\d{3}", text)
        or re.search(r"E-\d{3}", text)
    ):
        return None
    decimal, delimiter = layout.decimal, layout.delimiter
    if decimal == ",":
        if delimiter == "," or "." in text:
            return None
        text = text.replace(",", ".")
    width = len(layout.names)
    places = [column.place for column in columns]
    by_blanks = delimiter in ("", " ")
    if by_blanks and re.search(r"[\x0b-\x1f]", text):  # white for NumPy's reader, and no blank
        return None
    # NumPy's reader passes over the cells it is not asked for, and does not count them.
    if not by_blanks and not _rectangular(text, delimiter, width):
        return None
    lines = text.split("\n")
    try:
        if by_blanks:
            values = np.loadtxt(lines, comments=None, ndmin=2)
            if values.shape[1] != width:
                return None
            values = values[:, places]
        else:
            values = np.loadtxt(lines, delimiter=delimiter, usecols=places, comments=None, ndmin=2)
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def _rectangular(text: str, delimiter: str, width: int) -> bool:
    """Whether every line is cut into `width` cells."""
    data = np.frombuffer(text.rstrip("\n").encode() + b"\n", dtype=np.uint8)
    ends = np.flatnonzero(data == ord("\n"))
    cuts = np.flatnonzero(data == ord(delimiter))
    if len(cuts) != len(ends) * (width - 1):
        return False
    by_line = cuts.reshape(len(ends), width - 1)
    return bool((by_line[:, -1] < ends).all() and (by_line[1:, 0] > ends[:-1]).all())


def _judge(faults: Faults, skip_bad: bool) -> None:
    """Raise TableError for rows that could not be read, unless they may be left out and others are left."""
    if not faults.count or (skip_bad and faults.count < faults.rows):
        return
    first, *hints = faults.first.split("\n")
    more = []
    if faults.count > 1:
        more.append(f"{faults.share} cannot be read: {faults.listed}")
    if skip_bad:
        first = first.replace(" (--skip-bad drops such rows)", "")
        more.append("No row is left")
    raise TableError("\n".join([first, *more, *hints]))


def _of_texts(encoding: str) -> str:
    """The encoding, if Python has it and it is one of texts: rot13 is not, and "undefined" decodes nothing."""
    try:
        b"0".decode(encoding)
    except UnicodeDecodeError:
        pass  # it has more bytes a character
    except (LookupError, UnicodeError):
        raise TableError(f'there is no encoding "{encoding}"\nFor example: utf-8, latin-1, gbk, utf-16') from None
    return encoding


def _encoding(head: bytes, source: str) -> tuple[str, str]:
    """The encoding of a text, and what to say about it.

    Numbers are the same in all of them (but for UTF-16, which is marked); the names of columns are not. Text that is
    no UTF-8 is Latin-1 (as Windows has it) where its characters beyond ASCII stand alone among others, and GBK where
    they come in pairs that are common Chinese characters; beyond that charset-normalizer judges, which
    needs more text than a header to tell these two.
    """
    for mark, encoding, said in _UNICODE_MARKS:
        if head.startswith(mark):
            return encoding, said
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8", ""
    runs = re.findall(rb"[\x80-\xff]+", head)
    common = re.compile(rb"(?:[\xa1-\xa9\xb0-\xd7][\xa1-\xfe])+")
    if all(common.fullmatch(run) for run in runs) and re.search(rb"[\xb0-\xd7][\xa1-\xfe]", head):
        found = "gb18030"
    elif all(len(run) <= 2 for run in runs):
        found = "cp1252" if not re.search(rb"[\x81\x8d\x8f\x90\x9d]", head) else "latin-1"
    else:
        try:
            from charset_normalizer import from_bytes
        except ModuleNotFoundError:
            raise TableError(
                f"{source}: the text is not UTF-8, and charset-normalizer is not installed: "
                'pip install "minigrad[fit]", or name the encoding: --encoding gbk'
            ) from None
        best = from_bytes(head).best()
        if best is None:
            line = 1 + head.count(b"\n", 0, head.index(runs[0]))
            raise TableError(
                f"{source}:{line}: this is no text: the byte 0x{runs[0][0]:02x} belongs to no known encoding\n"
                "Save the table as CSV, in UTF-8, or name the encoding: --encoding gbk"
            )
        found = best.encoding
    name = {"gb18030": "GBK", "cp1252": "Latin-1", "latin-1": "Latin-1"}.get(found, found)
    return found, f"not UTF-8, read as {name} (--encoding)"


def _refuse_binary(head: bytes, source: str) -> None:
    for start, what, mending in _BINARIES:
        if head.startswith(start):
            file = "FILE" if source == "standard input" else shlex.quote(source)
            raise TableError(f"{source}: this is {what}, not text\n{mending.format(file)}")
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|html|\?xml|head|body|table)\b", head, re.IGNORECASE):
        raise TableError(f"{source}: this is HTML or XML, not a table\n{_AS_CSV}")
    if re.match(rb'(\xef\xbb\xbf)?\s*(\{\s*"|\[\s*[\[{])', head):
        raise TableError(f"{source}: this is JSON, not a table\nSave the points as CSV, one a line")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return
    odd = sum(byte < 32 and byte not in b"\t\n\r\f\v" for byte in head[:4096])
    if b"\0" in head or odd > 0.05 * len(head[:4096]):
        place = head.find(b"\0")
        where = f":{head.count(10, 0, place) + 1}: a zero byte:" if place >= 0 else ":"
        raise TableError(f"{source}{where} this is not a text file\n{_ZERO_BYTES if place >= 0 else _AS_CSV}")


def _size(stream: BinaryIO) -> int | None:
    """How many bytes a file has; None for a pipe."""
    if not stream.seekable():
        return None
    here = stream.tell()
    size = stream.seek(0, io.SEEK_END)
    stream.seek(here)
    return size


def _nearest_file(path: Path) -> str:
    try:
        siblings = [other.name for other in path.parent.iterdir() if other.is_file()]
    except OSError:
        return f"\nThere is no directory {path.parent} either"
    near = difflib.get_close_matches(path.name, siblings, 1, cutoff=0.75)
    return f"\nDid you mean {path.parent / near[0]}?" if near else ""
