"""The page of problems is current, and has every problem with its text."""

from benchmarks.problems_page import PAGE, errors, page
from pinn.files.shipped import shipped_names


def test_the_page_is_the_one_that_is_written_today():
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(), "python -m benchmarks.problems_page writes it again"
    assert all(f"### {name}\n" in text for name in shipped_names())


def test_errors_are_medians_of_the_runs_that_ended_well():
    runs = [{"exit": 0, "errors": {"u": error, "probe:a": 3.0}, "seconds": 2.0} for error in (1e-3, 2e-3, 9e-3)]
    assert errors([*runs, {"exit": 3, "errors": {"u": 1.0}, "seconds": 9.0}]) == ". Relative L2 errors: u 2.0e-03; 2 s."
    assert errors([]) == ""
