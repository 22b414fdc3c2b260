"""A DuckDB database file."""

from __future__ import annotations

from pathlib import Path

from ..errors import ConfigurationError, TableAbsent
from . import duck
from .provider import Points, Source, suggestion

_TABLES = "SELECT table_schema, table_name FROM information_schema.tables"


class DatabaseProvider:
    """Reads tables and views of one database file, opened read only for each read. A table outside `main` is named `schema.table`.

    Rows of one time count in the order of `rowid`; a view has none, so there they stand in the order that the view gives.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)

    def read(self, source: Source, since: int, until: int) -> Points:
        """See `DataProvider.read`."""
        if not self._path.is_file():
            raise ConfigurationError(f"the database {self._path} does not exist; see `database` in the data settings and --data")
        with duck.connection(self._path) as link:
            names = {name if schema == "main" else f"{schema}.{name}" for schema, name in link.execute(_TABLES).fetchall()}
            if source.table not in names:
                raise TableAbsent(f"{self._path} has no table {source.table}{suggestion(source.table, names)}")
            views = {row[0] for row in link.execute("SELECT view_name FROM duckdb_views()").fetchall()}
            relation = ".".join(duck.identifier(part) for part in source.table.split("."))
            place = "row_number() OVER ()" if source.table.split(".")[-1] in views else "rowid"
            return duck.rows(link, relation, place, source, since, until, where=f"{self._path}, table {source.table}")
