"""The generated pages are those that the manifests give."""

import importlib.util


def generator(root):
    """docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("generate_docs", root / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_venue_pages_are_current(root):
    """Each page is what the generator writes, and there is no other."""
    pages = generator(root).pages()
    stale = [path.name for path, text in pages.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    assert not stale, "run: python docs/generate.py"
    assert set((root / "docs" / "venues").iterdir()) == set(pages)
