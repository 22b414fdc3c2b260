from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.config.document import Document
from basis_venues.config.yaml_file import parse_yaml, read_yaml
from basis_venues.errors import ConfigurationError


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse_yaml(text, "f.yaml")
    return caught.value.problems


def test_numbers_arrive_as_they_are_written() -> None:
    """A fraction is the Decimal of its text, with its zeros; a whole number is an int."""
    data = parse_yaml("a: 0.10\nb: 10\nc: 1.5e+3\nd: -7", "f.yaml").data
    assert [str(data[key]) for key in "abcd"] == ["0.10", "10", "1.5E+3", "-7"]
    assert isinstance(data["a"], Decimal)


@pytest.mark.parametrize("text", ["no", "on", "1:30", "010", "0xAB", "2024-01-01", "1_000", ".inf", ".nan"])
def test_what_yaml_would_reinterpret_stays_text(text: str) -> None:
    """Old YAML makes switches, base-60 numbers and dates of these; here they are the text they look like."""
    assert parse_yaml(f"a: {text}", "f.yaml").data == {"a": text}


def test_a_number_of_thousands_of_digits_is_a_problem_with_its_line() -> None:
    """Python by itself refuses to read it, with an error of its own."""
    assert problems(f"a: 1\nb: {'7' * 5000}") == ("f.yaml:2: b: is a number of 5000 digits",)


def test_an_empty_file_is_an_empty_mapping() -> None:
    """A file of comments has no keys, and says which are missing where they are needed."""
    assert parse_yaml("# nothing", "f.yaml").data == {}


def test_every_duplicate_key_is_named_with_both_lines() -> None:
    """A key that is given twice is refused, at every level, all at once."""
    assert problems("a: 1\nb:\n  c: 1\n  c: 2\na: 3") == (
        "f.yaml:3: b.c: stands here and again on line 4; keep one",
        "f.yaml:1: a: stands here and again on line 5; keep one",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: &x [1]\nb: *x", "f.yaml:2: b: repeats another part by an alias; write it out"),
        ("a: !!python/name:os.system", "f.yaml:1: a: has a YAML tag; tags are not read here"),
        ("x: 1\na: !mine {b: 1}", "f.yaml:2: a: has a YAML tag; tags are not read here"),
        ("? [1, 2]\n: 3", "f.yaml:1: has a key that is not text"),
        ("x: 1\na: [1\nb: 2", "f.yaml:3: is not YAML: did not find expected ..."),
        ("a: *secret_word", "f.yaml:1: is not YAML: found undefined alias"),
        ("a: \x01", "f.yaml: is not YAML: it holds characters that YAML does not allow"),
        ("a: 0x" + "ab" * 32, "f.yaml:1: a: looks like a private key; secrets belong into env.unified, never into YAML"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_its_line(text: str, told: str) -> None:
    """Tags, aliases, broken syntax and pasted keys are refused in our words, without the value."""
    assert problems(text) == (told,)


def test_a_shipped_file_may_hold_32_byte_constants() -> None:
    """Role hashes in a plugin's own YAML are no private keys."""
    assert parse_yaml("role: 0x" + "ab" * 32, "f.yaml", shipped=True).data["role"].startswith("0xab")


def test_the_line_of_a_missing_part_is_that_of_its_parent() -> None:
    """A problem about a key that is not there points to where it belongs."""
    document = parse_yaml("x: 1\nvenues:\n  a: 1", "f.yaml")
    assert document.problem(("venues", "b"), "is missing") == "f.yaml:2: venues.b: is missing"


def test_a_laid_over_part_is_blamed_on_the_file_that_says_it() -> None:
    """After a merge each problem names the file and line of the value that counts."""
    base = parse_yaml("a: 1\nkept:\n  x: 1\n  y: 2", "base.yaml")
    top = parse_yaml("kept:\n  y: 3", "top.yaml")
    merged = top.over(base)
    assert merged.data == {"a": 1, "kept": {"x": 1, "y": 3}}
    assert merged.problem(("kept", "y"), "t") == "top.yaml:2: kept.y: t"
    assert merged.problem(("kept", "x"), "t") == "base.yaml:3: kept.x: t"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file and one of another encoding are configuration errors."""
    (tmp_path / "latin.yaml").write_bytes(b"a: \xe9")
    for name in ("missing.yaml", "latin.yaml"):
        with pytest.raises(ConfigurationError, match=name):
            read_yaml(tmp_path / name)


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=10),
    lambda more: st.lists(more, max_size=3) | st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), more, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), _PLAIN, max_size=4))
def test_plain_data_reads_as_the_reference_reader_reads_it(data: object) -> None:
    """On what PyYAML writes by itself, this reader and PyYAML's agree, except for the reinterpretations it leaves out."""
    text = yaml.safe_dump(data)
    assert parse_yaml(text, "f.yaml").data == yaml.safe_load(text) == data


def test_a_document_of_plain_data_has_no_lines() -> None:
    """Data that comes from no text is blamed by its name alone."""
    assert Document("given", {"a": 1}).problem(("a",), "t") == "given: a: t"
