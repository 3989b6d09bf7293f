"""Every text that is SQL is found, wherever it stands; English is not taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from googlesql.discovery import documented, files, planned
from googlesql.recognising import has_sql, statements

#: Texts that are SQL, by their first words; each is tried in small letters as well, but for those of the second list.
SQL = (
    "SELECT 1",
    "SELECT 'x' FROM t",
    "SELECT CASE WHEN a THEN b END FROM t",
    "SELECT DATE '2026-01-01'",
    "SELECT SUM (x) FROM t",
    "SELECT x y FROM t",
    "SELECT p.* FROM t AS p",
    "SELECT DISTINCT x FROM t",
    "SELECT AS STRUCT x, y FROM t",
    "SELECT @d",
    "SELECT\n  x\nFROM\n  t",
    "-- Why.\nSELECT x FROM t",
    "(SELECT x FROM t) UNION ALL (SELECT y FROM u)",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x",
    "DELETE FROM t",
    "DELETE t WHERE x = 1",
    "INSERT INTO t (a) VALUES (1)",
    "INSERT t (a) SELECT 1",
    "UPDATE t SET a = 1 WHERE TRUE",
    "UPDATE t x SET a = 1 WHERE TRUE",
    "UPDATE t AS x SET x.a = 1 WHERE TRUE",
    "MERGE t USING u ON a = b WHEN MATCHED THEN DELETE",
    "MERGE INTO t AS x USING u ON a = b WHEN MATCHED THEN DELETE",
    "TRUNCATE TABLE t",
    "CREATE TABLE t (a INT64)",
    "CREATE OR REPLACE VIEW v AS SELECT 1",
    "CREATE MATERIALIZED VIEW v AS SELECT 1",
    "CREATE TEMPORARY TABLE t AS SELECT 1",
    "CREATE TEMP FUNCTION f(x INT64) AS (x)",
    "CREATE SNAPSHOT TABLE t CLONE u",
    "ALTER TABLE t ADD COLUMN a INT64",
    "ALTER TABLE IF EXISTS t SET OPTIONS (description = 'x')",
    "DROP TABLE IF EXISTS t",
    "DROP VIEW v",
    "BEGIN TRANSACTION; SELECT 1; COMMIT TRANSACTION",
    "DECLARE n INT64 DEFAULT 0; SELECT n",
    "CALL `p.d.f`(1)",
    "CALL p.d.f(1);",
    "EXECUTE IMMEDIATE 'SELECT 1'",
    "EXPORT DATA OPTIONS (uri = 'gs://x/*') AS SELECT 1",
    "LOAD DATA INTO t FROM FILES (uris = ['gs://x'])",
    "GRANT `roles/bigquery.dataViewer` ON SCHEMA s TO 'user:a@example.com'",
    "RAISE USING MESSAGE = 'x'",
    "IF x THEN SELECT 1; END IF",
)
IN_CAPITALS = ("SELECT {} players FROM {}", "SELECT a b FROM t", "UPDATE `t` ", "SET a = 1", "CREATE TABLE t")
CUT = ("SELECT ", "select ", "INSERT INTO ", "DELETE FROM ", "UPDATE ", "MERGE ", "CALL ")
ENGLISH = (
    "Call the coordinator (it answers with a batch)",
    "Call `regen status` again.",
    "Update the row, then set the round",
    "update a batch set its round",
    "Update regen and set TF_VAR_region",
    "Select a date from the list",
    "select the players of a date from the slate",
    "Delete the table where it stands",
    "Delete a date where no game was played",
    "Insert the row into the table",
    "Merge the branches using git",
    "With the emulator as (a stand-in)",
    "with players as they are",
    "Create a table for each verification",
    "Create the view again",
    "create table rows",
    "Drop the view",
    "Alter nothing",
    "Begin again",
    "begin the transaction",
    "Load data of a league",
    "Export data as a table",
    "Declare an integer",
    "Set the key: regen config",
    "Execute it immediately",
    "If a date is late then the sweep carries it on",
    "Grant the role on the project",
    "Raise the limit",
    "From the first date on",
    "DELETE",
    "UPDATE",
    "select",
    "call",
    "update: is required",
)


@pytest.mark.parametrize("text", SQL)
def test_sql_is_recognised_in_any_case(text: str) -> None:
    assert has_sql(text)
    assert has_sql(text.lower())
    assert statements(text) == [text]


@pytest.mark.parametrize("text", [*IN_CAPITALS, *CUT])
def test_a_text_that_waits_for_its_rest_is_recognised(text: str) -> None:
    assert has_sql(text)


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_no_sql(text: str) -> None:
    assert not has_sql(text)


HCL = {
    "query = <<-SQL\n  select x\n  from t\n  SQL\n": ["select x\n  from t"],
    'query = "DELETE FROM t"': ["DELETE FROM t"],
    'query = "ALTER TABLE t ADD COLUMN a STRING"': ["ALTER TABLE t ADD COLUMN a STRING"],
    'query = "CALL p.f(1)"': ["CALL p.f(1)"],
    'query = "SELECT 1"': ["SELECT 1"],
    r'query = "SELECT \"x\" AS y"': ['SELECT "x" AS y'],
    'query = "WITH x AS (SELECT 1) SELECT y FROM x"': ["WITH x AS (SELECT 1) SELECT y FROM x"],
    'query = "SELECT * FROM ${var.made ? "t" : "u"} WHERE TRUE"': ['SELECT * FROM ${var.made ? "t" : "u"} WHERE TRUE'],
    '# "SELECT 1"\n// "SELECT 2"\n/* "SELECT 3" */': [],
    'text = "Coverage, or\\n\\n    SELECT 1 FROM t\\n\\nand more"': ["SELECT 1 FROM t"],
}
MARKDOWN = {
    **{
        text: ["select 1"]
        for text in [
            "```sql\nselect 1\n```",
            "```SQL\nselect 1\n```",
            "```bigquery\nselect 1\n```",
            '```sql title="x"\nselect 1\n```',
            "~~~sql\nselect 1\n~~~",
            "- a list\n\n  ```sql\n  select 1\n  ```",
            "```\nselect 1\n```",
            "a `select 1` in a line",
            '```sh\nbq query --use_legacy_sql=false "select 1"\n```',
            "```sh\nbq query 'select 1' | head\n```",
            "```sh\nbq query <<'EOF'\nselect 1\n```",
        ]
    },
    "`ALTER TABLE t ADD COLUMN a STRING`": ["ALTER TABLE t ADD COLUMN a STRING"],
    "`DECLARE n INT64`": ["DECLARE n INT64"],
    "`UPDATE t SET ...`": ["UPDATE t SET ..."],
    "```sql\nSELECT ...\n```": ["SELECT ..."],
    "```sh\nregen status\n```": [],
}


@pytest.mark.parametrize(("text", "found"), HCL.items())
@pytest.mark.parametrize("name", ["x.tf", "tests/x.tftest.hcl"])
def test_the_infrastructures_sql_is_found(tmp_path: Path, name: str, text: str, found: list[str]) -> None:
    _write(tmp_path / "infra" / name, text)
    assert [one.text for one in planned(tmp_path)] == found


def test_sql_in_json_is_found(tmp_path: Path) -> None:
    _write(tmp_path / "infra" / "x.tf.json", '{"a": [{"query": "select x\\nfrom t"}, "Update the row"]}')
    _write(tmp_path / "src" / "x.json", '{"b": "DELETE FROM t"}')
    assert [one.text for one in planned(tmp_path)] == ["select x\nfrom t", "DELETE FROM t"]


@pytest.mark.parametrize(("text", "found"), MARKDOWN.items())
def test_the_documents_sql_is_found(tmp_path: Path, text: str, found: list[str]) -> None:
    _write(tmp_path / "docs" / "deep" / "x.md", text)
    assert [one.text for one in documented(tmp_path)] == found


@pytest.mark.parametrize("name", ["x.sql", "docs/x.sql", "functions/x.sql", "infra/deep/x.sql"])
def test_a_file_of_sql_is_found_anywhere(tmp_path: Path, name: str) -> None:
    for other in (name, "build/x.sql", ".venv/x.sql", "src/regen/sql/parts/x.sql"):
        _write(tmp_path / other, "SELECT 1")
    assert files(tmp_path) == [tmp_path / name]


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
