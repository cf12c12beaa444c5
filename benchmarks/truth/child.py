"""One run of `pinn` as the table has it: `python -m benchmarks.truth.child FILE ARGUMENTS`.

Seconds are of the processor, also for the limits of the run; FILE gets what the verdict was judged by, so that the
verdict can be judged once more without one of its rules (`rules.py`).
"""

import time

time.perf_counter = time.process_time  # before anything takes it by its name


def main() -> None:
    import json
    import sys
    from dataclasses import asdict
    from pathlib import Path

    from benchmarks.truth.runs import as_text
    from pinn.cli.main import main as command
    from pinn.solution import metrics
    from pinn.solution.judgement import Judgement, judge
    from pinn.solution.verdict import Measured

    file = Path(sys.argv.pop(1))

    def recorded(measured: Measured) -> Judgement:
        file.write_text(json.dumps(as_text(asdict(measured)), allow_nan=False), encoding="utf-8")
        return judge(measured)

    metrics.judge = recorded
    command()


if __name__ == "__main__":
    main()
