"""What a page shows can be done as it is written."""

import shlex
import shutil
import subprocess
import sys

import pytest

from basis_venues.config.environments import read_profile
from basis_venues.config.limits import read_limits
from basis_venues.config.modes import read_mode
from basis_venues.market.settings import load_data_settings
from basis_venues.run.plan import load_plan


def basis(line, directory):
    """Run a `basis` command there and answer its stdout."""
    command = [sys.executable, "-m", "basis_venues", *shlex.split(line)[1:]]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_a_page_runs_from_top_to_bottom(runnable, tmp_path, root):
    """Files are written where the page says, commands are run, output is as shown, and then all Python of the page runs as one."""
    shutil.copytree(root / "configs", tmp_path / "configs")
    said, python = "", []
    for block in runnable.blocks:
        if block.language == "yaml" and block.file:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            for line in block.text.splitlines():
                said = basis(line, tmp_path) if line.startswith("basis ") else said
        elif block.language == "text":
            assert said.strip() == block.text.strip()
        elif block.language == "python":
            python.append(block.text)
    done = subprocess.run([sys.executable, "-c", "\n".join(python)], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_yaml_blocks_are_what_they_say(page, tmp_path, root):
    """Every YAML block of a configuration file loads as that kind of file."""
    for number, block in enumerate(block for block in page.blocks if block.language == "yaml"):
        kind = "configs/modes" if page.path.name == "MODES.md" else block.file or ""
        file = tmp_path / f"block{number}.yaml"
        file.write_text(block.text, encoding="utf-8")
        if "configs/plans" in kind:
            load_plan(file, root / "configs")
        elif "configs/data" in kind:
            load_data_settings(file)
        elif "configs/modes" in kind:
            read_mode(file)
        elif "configs/environments" in kind:
            read_profile(file.stem, tmp_path)
        elif kind.endswith("limits.yaml"):
            file.rename(tmp_path / "limits.yaml")
            assert read_limits(tmp_path)
        else:
            assert kind.endswith("venue.yaml"), f"{page.name}: which file is this?\n{block.text}"
