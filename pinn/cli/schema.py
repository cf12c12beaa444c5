"""`pinn schema`: the JSON schema of the spec, for editors that complete and check YAML."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the JSON schema of the spec."""
    import json

    from pinn.spec.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))
