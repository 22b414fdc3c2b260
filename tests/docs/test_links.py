"""Links and paths lead somewhere."""

import re

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(text):
    """The anchors that a page's headings make, as GitHub does."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_relative_links_resolve(page):
    """Each relative link names a file, and its anchor a heading there."""
    for target, anchor in LINK.findall(page.prose):
        file = (page.path.parent / target).resolve() if target else page.path
        assert file.exists(), f"{page.name}: {target}"
        if anchor:
            assert anchor in anchors(file.read_text(encoding="utf-8")), f"{page.name}: {target}#{anchor}"


def test_every_page_is_linked(pages, root):
    """Whoever starts at docs/README.md can reach every page."""
    reached, waiting = set(), [root / "docs" / "README.md"]
    while waiting:
        file = waiting.pop()
        if file in reached or file.suffix != ".md" or not file.is_file():
            continue
        reached.add(file)
        waiting += [(file.parent / target).resolve() for target, _ in LINK.findall(file.read_text(encoding="utf-8")) if target]
    assert {page.path for page in pages.values() if page.name.startswith("docs/")} <= reached


def test_the_map_names_files_that_exist(pages, root):
    """Each path in the map of CONTRIBUTING.md is there."""
    table = pages["CONTRIBUTING.md"].text.partition("## Habits")[0]
    paths = [path for path in re.findall(r"`([\w./]+(?:\.py|/))`", table) if "NAME" not in path]
    assert len(paths) > 10
    for path in paths:
        below_core = root / "core" / "src" / "basis_venues" / path
        assert below_core.exists() or (root / path).exists(), path


def test_tests_that_pages_name_exist(page, root):
    """A page that names a test names one that there is."""
    named = set(re.findall(r"`(test_\w+)`", page.prose))
    if named:
        defined = {
            name
            for pattern in ("core/tests/*.py", "tests/**/*.py", "plugins/*/tests/**/*.py")
            for file in root.glob(pattern)
            for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
        }
        assert named <= defined


def test_tests_that_are_linked_are_where_the_link_says(page):
    """A test that a page links to is defined in the file behind the link."""
    for name, target in re.findall(r"\[`(test_\w+)`\]\(([^)\s]+)\)", page.prose):
        file = (page.path.parent / target).resolve()
        assert f"def {name}(" in file.read_text(encoding="utf-8"), f"{page.name}: {name} is not in {target}"


def test_every_promise_of_the_validation_page_has_a_linked_test(pages):
    """No row of its tables is without one."""
    rows = [line for line in pages["docs/validation.md"].text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    promises = [row for row in rows if not row.rstrip("| ").endswith("test")]
    assert len(promises) > 25
    assert not [row for row in promises if "[`test_" not in row]
