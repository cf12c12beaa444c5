"""The `pinn` command: its subcommands, and how every failure becomes one line and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from pinn.cli.bench import bench
from pinn.cli.certify import certify
from pinn.cli.compare import compare
from pinn.cli.distill import distill
from pinn.cli.doctor import doctor
from pinn.cli.export import export
from pinn.cli.harden import harden
from pinn.cli.info import info
from pinn.cli.init import init
from pinn.cli.interruption import Interruption
from pinn.cli.list import list_problems
from pinn.cli.mesh import mesh
from pinn.cli.plain_text import never_refuse
from pinn.cli.report import report
from pinn.cli.resume import resume
from pinn.cli.schema import schema
from pinn.cli.solve import solve
from pinn.cli.validate import validate
from pinn.errors import PinnError, ResourceError, one_line

app = typer.Typer(
    name="pinn",
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("solve")(solve)
app.command("resume")(resume)
app.command("validate")(validate)
app.command("info")(info)
app.command("report")(report)
app.command("export")(export)
app.command("harden")(harden)
app.command("distill")(distill)
app.command("certify")(certify)
app.command("mesh")(mesh)
app.command("list")(list_problems)
app.command("init")(init)
app.command("compare")(compare)
app.command("bench")(bench)
app.command("schema")(schema)
app.command("doctor")(doctor)


def _print_version(asked: bool) -> None:
    if asked:
        from pinn import __version__

        typer.echo(f"pinn {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _pinn(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Solve partial differential equations with smooth physics-informed neural networks."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(2)


def run(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    never_refuse(sys.stdout)
    with Interruption() as interruption:
        try:
            result = app(arguments, prog_name="pinn", standalone_mode=False, obj=interruption)
            code = result if isinstance(result, int) else 0
            if code in (130, interruption.exit_code):  # typer turns KeyboardInterrupt into 130
                raise KeyboardInterrupt
            return code
        except (KeyboardInterrupt, typer.Abort):
            _say("interrupted")
            return interruption.exit_code
        except BrokenPipeError:
            # `pinn list | head`: nobody reads on, and Python must not complain when it flushes at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except Exception as error:
            return _fail(error, interruption)


def _fail(error: Exception, interruption: Interruption) -> int:
    """Say what went wrong, in one line for each refusal, and return the exit code."""
    if os.environ.get("PINN_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
    if isinstance(error, PinnError):
        _say(str(error))
        return interruption.exit_code if error.exit_code == 130 else error.exit_code
    message, code = getattr(error, "format_message", None), getattr(error, "exit_code", None)
    if message is not None and code is not None:  # a usage error of typer or click
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "pinn"
        _say(f"{command}: {message()} (see '{command} --help')")
        return int(code)
    if isinstance(error, (MemoryError, OSError)) or type(error).__name__ == "OutOfMemoryError":  # torch's, on CUDA
        _say(_resource_line(error))
        return ResourceError.exit_code
    hint = "" if os.environ.get("PINN_DEBUG") == "1" else " (PINN_DEBUG=1 shows where)"
    _say(f"unexpected {type(error).__name__}: {one_line(' '.join(str(error).split()))}{hint}")
    return 1


def _resource_line(error: Exception) -> str:
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    return f"out of memory: {str(error).splitlines()[0] if str(error) else 'lower sampling.interior or network.hidden'}"


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def main() -> None:
    """The console script."""
    sys.exit(run())
