"""What the tests of the commands share: a refusal looks the same whichever command refuses."""

from click.testing import Result


def refused(result: Result, *reasons: str) -> bool:
    """Whether a command refused as it should: exit code 2, nothing on standard output, the reasons on the other."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    for reason in reasons:
        assert reason in result.stderr
    assert "Traceback" not in result.stderr
    return True
