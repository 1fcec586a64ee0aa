"""A line through a file that passes by is the line through all its rows, whatever the pieces."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.fitting import fit_line
from minigrad.fitting.files.reading import Block, TextFile
from minigrad.fitting.files.stream import SAMPLE, Thinned, fit_stream
from minigrad.fitting.files.table import Column


def columns(k):
    return [Column(f"x{j + 1}", j) for j in range(k)], Column("y", k), Column("sigma", k + 1)


def cut(values, sizes):
    """The rows as blocks of these sizes, over and over."""
    start = 0
    while start < len(values):
        for size in sizes:
            part = values[start : start + size]
            yield Block(part, np.arange(start + 1, start + 1 + len(part)))
            start += size


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(10, 300),
    k=st.integers(1, 3),
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=5),
    offset=st.sampled_from([0.0, 1e3, 4e9]),
    weighted=st.booleans(),
)
@settings(deadline=None)
def test_any_pieces_give_the_fit_of_all_rows(seed, n, k, sizes, offset, weighted):
    rng = np.random.default_rng(seed)
    x = offset + rng.normal(size=(n, k))
    y = x @ np.arange(1, k + 1) + rng.normal(size=n)
    sigma = rng.uniform(0.5, 2, size=n)
    xs, to, spread = columns(k)
    table = np.column_stack([x, y, sigma] if weighted else [x, y])
    streamed = fit_stream(cut(table, sizes), xs, to, spread if weighted else None)
    whole = fit_line(x[:, 0] if k == 1 else x, y, sigma=sigma if weighted else None)
    assert streamed.n == n
    assert streamed.dof == whole.dof
    for name, value in whole.params.items():
        # Two ways to one answer may differ by a part of what the data leave open: 1e-9 of the standard error.
        assert abs(streamed.params[name] - value) < 1e-9 * whole.errors[name]
        assert streamed.errors[name] == pytest.approx(whole.errors[name], rel=1e-9)
    assert streamed.r2 == pytest.approx(whole.r2, abs=1e-9)
    if weighted:
        assert streamed.chi2 == pytest.approx(whole.chi2, rel=1e-9)
    at = x[:1, 0] if k == 1 else x[:1]
    spread_of_new = {"sigma": 1.0} if weighted else {}
    for kind in ("mean", "new"):
        other = streamed.predict(at, band=0.9, kind=kind, **(spread_of_new if kind == "new" else {}))
        np.testing.assert_allclose(
            np.ravel(other),
            np.ravel(whole.predict(at, band=0.9, kind=kind, **(spread_of_new if kind == "new" else {}))),
            rtol=1e-9,
            atol=1e-6 * max(whole.errors.values()) * 1e-3,
        )


@given(n=st.integers(0, 400), sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4), most=st.integers(2, 50))
def test_a_thinned_sample_is_evenly_spread_and_no_piece_matters(n, sizes, most):
    thinned = Thinned(most=most)
    rows = np.arange(n, dtype=np.float64)[:, None]
    for block in cut(rows, sizes):
        thinned.add(block.values)
    if n:
        kept = thinned.rows[:, 0]
        assert kept.tolist() == list(range(0, n, thinned.step))
        assert len(kept) <= most
        assert thinned.step == 1 or 2 * len(kept) >= most


def test_the_result_shows_a_sample_and_counts_all():
    n = 50_000
    x = np.linspace(0, 1, n)
    table = np.column_stack([x, 3 * x + np.sin(40 * x)])
    xs, y, _ = columns(1)
    result = fit_stream(cut(table, [7000]), xs, y)
    assert result.message == "exact, in one pass over 50,000 rows"
    assert "50,000" in result.summary()
    assert SAMPLE <= len(result.residuals) == result.given.n <= 2 * SAMPLE
    np.testing.assert_allclose(result.residuals, result.given.y - result.predict(result.given.x))
    assert result.n == n


def test_rows_that_determine_no_line_are_refused_as_anywhere():
    xs, y, _ = columns(1)
    with pytest.raises(ValueError, match="all 3 x are 2"):
        fit_stream(cut(np.array([[2.0, 1], [2, 2], [2, 3]]), [2]), xs, y)


def test_a_file_in_small_blocks():
    text = "t;v\n" + "".join(f"{k},5;{2 * k},0\n" for k in range(1000))
    data = text.encode()
    table = TextFile("f", io.BytesIO(data), data[:100], block=64)
    table._stream.seek(100)
    xs, y = [table.layout.column("t")], table.layout.column("v")
    result = fit_stream(table.blocks([*xs, y]), xs, y)
    assert result.params == {"slope": pytest.approx(2), "intercept": pytest.approx(-1)}
    assert result.given.x_names == ("t",)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process alone is read from Linux")
def test_ten_million_rows_in_constant_memory(tmp_path):
    """10,000,000 rows of two columns, about 390 MB of text, by the command, in its own process."""
    path = tmp_path / "large.csv"
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        file.write("x,y\n")
        for _ in range(100):
            x = rng.normal(size=100_000)
            y = 3 * x - 1 + rng.normal(size=100_000)
            file.write("".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist(), strict=True)))
    # Not getrusage, whose peak a process inherits from the one that started it: pytest, with all it has imported.
    code = (
        "import sys\nfrom pathlib import Path\nfrom minigrad.cli import main\n"
        f"sys.argv = ['minigrad', 'fit', {str(path)!r}, '--json']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "status = Path('/proc/self/status').read_text()\n"
        "print(status.partition('VmHWM:')[2].split()[0], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    result = json.loads(run.stdout)
    assert result["n"] == 10_000_000
    assert abs(result["params"]["slope"] - 3) < 5 * result["errors"]["slope"]
    assert result["errors"]["slope"] == pytest.approx(10_000_000**-0.5, rel=1e-2)
    # Measured: 130 MiB, of which Python with NumPy takes 60, and 32 the 2,000,000 rows that are kept before the
    # stream begins. All rows, as numbers, would be 153 MiB more.
    assert int(run.stderr.split()[-1]) / 2**10 < 200
