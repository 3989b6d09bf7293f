"""Which format a file is taken for: by its columns, by a mapping beside it, or by what the user says."""

from __future__ import annotations

from pathlib import Path

import pytest

from regen.data.csvs import read_paths
from regen.data.formats import FORMATS, by_name
from regen.data.recognising import recognise, recognised
from regen.domain.errors import InvalidInput
from support.import_files import read


def test_a_mapping_beside_the_data_reads_everything_else(tmp_path: Path) -> None:
    (tmp_path / "import.toml").write_text(
        '[[file]]\nmatch = "1.csv"\nas = "prop_lines"\nvalues = { bookmaker = "dk" }\n'
        'columns = { game_date = "Tag", player_lookup = "Spieler", line = "Linie" }\n'
    )
    (line,) = read(tmp_path, "Tag,Spieler,Linie\n2025-10-21,Ann Bell,9.5\n").lines
    assert (line.player_lookup, line.line, line.bookmaker) == ("annbell", 9.5, "dk")


@pytest.mark.parametrize(
    ("text", "says"),
    [("[[file]\n", "TOML"), ('[[file]]\nmatch = "a"\n', "match and as"), ('[[file]]\nmatch = "a"\nas = "x"\n', "format"),
     ('[[file]]\nmatch = "a"\nas = "prop_lines"\ncolumns = { colour = "b" }\n', "colour: expected one of")],
)  # fmt: skip
def test_a_mapping_that_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "import.toml").write_text(text)
    with pytest.raises(InvalidInput, match=says):
        read(tmp_path)


def test_a_named_file_of_no_known_format_is_refused(tmp_path: Path) -> None:
    read(tmp_path, "what,ever\n1,2\n")
    with pytest.raises(
        InvalidInput, match=r"1\.csv: expected a file of a known format; it has what, ever: name one with --as"
    ):
        read_paths([tmp_path / "0.csv", tmp_path / "1.csv"])
    (said,) = read_paths([tmp_path]).report.unknown_files
    assert said.startswith("1.csv (expected a file of a known format; it has what, ever")


def test_a_named_file_is_taken_for_what_the_user_says(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("Tag,player\n2025-10-21,Ann\n")
    with pytest.raises(InvalidInput, match=r"1\.csv:1 bookmaker, line, .*the file has Tag, player"):
        recognised_rows(tmp_path / "1.csv", "odds_api_lines")


def recognised_rows(path: Path, name: str) -> None:
    from regen.data.drafts import Drafts  # noqa: PLC0415

    (found,) = recognised([path], name)[0]
    Drafts().read(found.opened, found.form)


def test_json_that_is_not_understood_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"what": 1}')
    with pytest.raises(InvalidInput, match=r"a\.json: expected a file of a known format"):
        recognised([tmp_path / "a.json"])
    (tmp_path / "b.json").write_text('{"what": ')
    with pytest.raises(InvalidInput, match=r"b\.json: expected JSON"):
        recognised([tmp_path / "b.json"])


@pytest.mark.parametrize("name", [form.name for form in FORMATS if not form.json_only])
def test_no_format_is_taken_for_another(name: str) -> None:
    from regen.data.reading import Opened  # noqa: PLC0415

    form = by_name(name)
    head = tuple(dict.fromkeys([*form.marks, *(column.names[0] for column in form.columns)]))
    assert recognise(Opened(Path("x.csv"), head)) is form
