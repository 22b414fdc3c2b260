"""Files that a page shows are what it says they are."""

from basis_venues.config.environments import read_profile
from basis_venues.config.limits import read_limits
from basis_venues.config.modes import read_mode
from basis_venues.market.settings import load_data_settings
from basis_venues.run.plan import load_plan


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
            assert kind.endswith("venue.yaml") or kind.startswith("configs/venues/"), f"{page.name}: which file is this?\n{block.text}"
