"""What pyproject.toml cannot say: the folder problems/ is part of the package once it is installed."""

from pathlib import Path
from shutil import copytree

from setuptools import setup
from setuptools.command.build_py import build_py


class WithProblems(build_py):
    """Copies problems/ into the package, where pinn/files/shipped.py looks for it."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            copytree("problems", Path(self.build_lib, "pinn", "problems"), dirs_exist_ok=True)


setup(cmdclass={"build_py": WithProblems})
