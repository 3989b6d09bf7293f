"""Texts from outside in `--json` and in tables: data for programs stays data, and a terminal obeys none of it."""

from __future__ import annotations

import json
import sys
import unicodedata

import pytest

from regen.cli.output import Output, columns
from regen.domain.texts import visible

HIDDEN = [
    "\x7f",
    "\x9b",
    "\u202e",
    "\u200b",
    "\u2066",
    "\xad",
    "\u034f",
    "\u115f",
    "\u3164",
    "\ufeff",
    "\U000e0041",
    "\ud800",
]


@pytest.mark.parametrize("character", HIDDEN, ids=[f"U+{ord(c):04X}" for c in HIDDEN])
def test_no_hidden_character_reaches_a_terminal(character: str, capsys: pytest.CaptureFixture[str]) -> None:
    record = {"reason": f"a{character}b", f"k{character}": [character]}
    Output(json=True).dump(record)
    said = capsys.readouterr().out
    assert json.loads(said) == record, "a program reads what was written"
    assert said.isascii()
    assert "\x7f" not in said
    Output().table(columns("reason"), [record])
    Output().line(f"a{character}b")
    Output().say(f"a{character}b")
    captured = capsys.readouterr()
    assert character not in captured.out + captured.err


def test_every_format_and_control_character_is_written_out() -> None:
    hidden = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    prepended = set(
        map(chr, [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)])
    )
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.category(character) in hidden and character not in prepended:
            assert visible(character).isascii(), f"U+{code:04X}"
