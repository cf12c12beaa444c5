"""One run of `pinn` as the table has it: `python -m benchmarks.truth.child FILE ARGUMENTS`.

Seconds are of the processor, also for the limits of the run; FILE gets what the verdict was judged by, so that the
verdict can be judged once more without one of its rules (`rules.py`).
"""

import time
from typing import Any

time.perf_counter = time.process_time  # before anything takes it by its name


def main() -> None:
    import json
    import sys
    from dataclasses import asdict
    from pathlib import Path

    from pinn.cli import training
    from pinn.cli.main import main as command

    file, carry_out = Path(sys.argv.pop(1)), training.carry_out

    def carried_out(*arguments: Any, **options: Any) -> None:
        """The command's, whose clock runs from its beginning: what it needs is not imported before."""
        from benchmarks.truth.runs import as_text
        from pinn.solution import metrics
        from pinn.solution.judgement import judge

        def recorded(measured):
            file.write_text(json.dumps(as_text(asdict(measured)), allow_nan=False), encoding="utf-8")
            return judge(measured)

        metrics.judge = recorded
        carry_out(*arguments, **options)

    training.carry_out = carried_out
    command()


if __name__ == "__main__":
    main()
