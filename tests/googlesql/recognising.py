"""Which texts are SQL: a keyword that begins a statement, in any case, followed by what the grammar asks for next.

Words in small letters are English as often as SQL. There an article or a pronoun before another word decides: `select a
date from the list` is English, `SELECT a date FROM t` is not.
"""

from __future__ import annotations

import re

_PART = r"(?>`[^`]*`|\{[^}]*\}|\$\{[^}]*\}|%\(?\w*\)?s|\.\.\.|@{0,2}[\w$-]+)"
_NAME = rf"(?>{_PART}(?:[.:]?{_PART})*)"
_KIND = r"(?:TABLE(?:\s+FUNCTION)?|VIEW|SCHEMA|DATABASE|FUNCTION|PROCEDURE|MODEL|INDEX|COLUMN|CONNECTION|ROW\s+ACCESS\s+POLICY)"
_EXTRA = r"(?:(?:TEMP|TEMPORARY|SNAPSHOT|MATERIALIZED|EXTERNAL|AGGREGATE|SEARCH|VECTOR|REMOTE)\s+)*"
_MAYBE = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
_END = r"\s*(?:;|$)"
_TYPE = r"(?:INT64|FLOAT64|NUMERIC|BIGNUMERIC|STRING|BYTES|BOOL|BOOLEAN|DATE|DATETIME|TIME|TIMESTAMP|JSON|INTERVAL|ARRAY\s*<|STRUCT\s*<|INTEGER|FLOAT|DEFAULT)"
#: What follows each keyword, where no doubt is left.
_GRAMMAR = {
    "SELECT": rf"""\s*(?:(?:DISTINCT|ALL|AS\s+STRUCT|AS\s+VALUE)\s+)?(?:
        \*|[`@\["']|[(]\s*SELECT\b|-?\d[\d.]*\s*(?:[-+*/,;)=<>]|$|(?:AS|FROM)\b)|{_NAME}\s*(?:[(,.]|[-+*/=<>|]{{1,2}}\s*\S|$|(?:FROM|AS)\b)
        |{_NAME}\s+{_NAME}\s+FROM\s+\S|CASE\s+\S|(?:DATE|DATETIME|TIME|TIMESTAMP|NUMERIC|JSON|[RB])\s*["']|(?:NULL|TRUE|FALSE)\b|[(].*\bFROM\s)""",
    "WITH": rf"\s+(?:RECURSIVE\s+)?{_NAME}\s+AS\s*\(",
    "DELETE": rf"\s+(?:FROM\s+(?:{_NAME}|$)|{_NAME}\s+(?:(?:AS\s+)?\w+\s+)?WHERE\b)",
    "INSERT": rf"\s+(?:INTO\s+(?:{_NAME}|$)|{_NAME}\s*(?:\(|(?:SELECT|VALUES|WITH|ROW)\b))",
    "UPDATE": rf"\s+{_NAME}\s+(?:(?:AS\s+)?{_NAME}\s+)?SET\b\s*(?:{_NAME}\s*=|\(|$)",
    "MERGE": rf"\s+(?:INTO\s+)?{_NAME}\s+(?:(?:AS\s+)?{_NAME}\s+)?USING\b",
    "TRUNCATE": r"\s+TABLE\b",
    "CREATE": rf"\s+(?:OR\s+REPLACE\s+)?{_EXTRA}{_KIND}\s+{_MAYBE}(?:{_NAME}\s*(?:;|\(|(?:AS|OPTIONS|PARTITION|CLUSTER|CLONE|COPY|LIKE|ON|WITH|DEFAULT)\b)|$)",
    "ALTER": rf"\s+{_EXTRA}{_KIND}\s+{_MAYBE}(?:{_NAME}\s*(?:$|(?:ADD|ALTER|DROP|RENAME|SET|RESET)\b)|$)",
    "DROP": rf"\s+{_EXTRA}{_KIND}\s+{_MAYBE}(?:{_NAME}(?:{_END}|\s+(?:ON|RESTRICT|CASCADE)\b|\s*\()|$)",
    "UNDROP": r"\s+SCHEMA\b",
    "BEGIN": r"\s*(?:;|TRANSACTION\b|\s(?:SELECT|INSERT|UPDATE|DELETE|MERGE|DECLARE|SET|IF)\s)",
    "COMMIT": r"\s+TRANSACTION\b",
    "ROLLBACK": r"\s+TRANSACTION\b",
    "DECLARE": rf"\s+\w+(?:\s*,\s*\w+)*\s+{_TYPE}",
    "SET": r"\s+(?:@@)?\w+\s*=[^;]*;|\s+\([\w\s,]+\)\s*=\s*\S",
    "CALL": rf"\s+{_NAME}\s*\([^)]*\){_END}",
    "EXECUTE": r"\s+IMMEDIATE\b",
    "EXPORT": r"\s+DATA\s+(?:OPTIONS\b|WITH\s+CONNECTION\b|AS\s*(?:\(|SELECT\b|WITH\b))",
    "LOAD": r"\s+DATA\s+(?:INTO|OVERWRITE)\b",
    "GRANT": rf"\s+[`{{\w][^;]*\sON\s+{_KIND}\s",
    "REVOKE": rf"\s+[`{{\w][^;]*\sON\s+{_KIND}\s",
    "RAISE": r"\s+USING\s+MESSAGE\b",
    "ASSERT": r"\s*\(\s*(?:NOT\s+)?(?:EXISTS|SELECT)\b|\s+EXISTS\s*\(",
    "IF": r"\s[^;]*\sTHEN\s+(?:SELECT|INSERT|UPDATE|DELETE|MERGE|RAISE|SET|COMMIT|ROLLBACK|BEGIN|CREATE|DROP|RETURN)\b",
    "FROM": rf"\s+{_NAME}\s*\|>",
}
#: What else follows a keyword in capitals: the rest is put in, or the form has a twin in English.
_IN_CAPITALS = {
    "SELECT": rf"\s*(?:(?:DISTINCT|ALL|AS\s+STRUCT|AS\s+VALUE)\s+)?(?:[({{%\d-]|{_NAME}(?:\s+{_NAME})?\s*(?:,|$|FROM\b))",
    "UPDATE": rf"\s+{_NAME}\s+(?:(?:AS\s+)?{_NAME}\s+)?SET\b|\s+[`{{]",
    "MERGE": r"\s+(?:INTO\s|[`{])",
    "SET": r"\s+\w+\s*=\s*\S",
    "CALL": rf"\s+{_NAME}\s*\(",
    "ALTER": rf"\s+{_EXTRA}{_KIND}\s+\S",
    "CREATE": rf"\s+(?:OR\s+REPLACE\s+)?{_EXTRA}{_KIND}\s+\S",
    "DROP": rf"\s+{_EXTRA}{_KIND}\s+\S",
}
#: A text that is nothing but this, and a space: the rest is put in.
_CUT = re.compile(
    r"(?:SELECT(?:\s+DISTINCT)?|INSERT(?:\s+INTO)?|DELETE\s+FROM|UPDATE|MERGE(?:\s+INTO)?|CALL|EXECUTE IMMEDIATE|WITH(?:\s+RECURSIVE)?"
    r"|TRUNCATE\s+TABLE)\s+",
    re.IGNORECASE,
)
_FLAGS = re.IGNORECASE | re.DOTALL | re.VERBOSE
_NEXT = {word: re.compile(grammar, _FLAGS) for word, grammar in _GRAMMAR.items()}
_NEXT_IN_CAPITALS = {word: re.compile(grammar, _FLAGS) for word, grammar in _IN_CAPITALS.items()}
_KEYWORD = re.compile(rf"(?<![\w.`$@{{/-])({'|'.join(_GRAMMAR)})(?![\w.-])", re.IGNORECASE)
_ENGLISH = re.compile(
    r"\b(?:an?|the|this|that|these|those|its?|their|his|her|your|our|my|all|each|every|any|no|one|which|what|whose)\s+"
    r"(?!(?:FROM|AS|IS|IN|AND|OR|NOT|ON|WHERE|SET)\b)[a-z]\w*",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`")
_LINE_START = re.compile(r"(?:^|\n|;|\)|\}|\()\s*$|(?:^|\s)(?:--|#)[^\n]*\n\s*$|[\"'`]\s*$|\*/\s*$|:\s+$")


def begins(text: str, at: int = 0) -> bool:
    """Whether a statement begins there, in capitals or not."""
    if not (found := _KEYWORD.match(text, at)):
        return False
    word, rest = found[1].upper(), text[found.end() :]
    if found[1].isupper():
        return bool(_NEXT[word].match(rest)) or bool(word in _NEXT_IN_CAPITALS and _NEXT_IN_CAPITALS[word].match(rest))
    grammar = _NEXT[word].match(rest)
    return grammar is not None and not _ENGLISH.search(_QUOTED.sub("x", _clause(rest, grammar.end())))


def _clause(text: str, end: int) -> str:
    """What the grammar has matched, and the words that it ends in."""
    more = re.compile(r"\w*(?:\s+\w+)?").match(text, end) if text[end - 1 : end].isalnum() else None
    return text[: more.end() if more else end]


def starts(text: str) -> list[int]:
    """Where statements begin: at the text's start, after a line, a quote or a bracket; in capitals anywhere."""
    places = (match.start() for match in _KEYWORD.finditer(text))
    return [
        at
        for at in places
        if (text[at].isupper() or _LINE_START.search(text[:at])) and begins(text[: _end(text, at)], at)
    ]


def has_sql(text: str) -> bool:
    """Whether a text is SQL, has some in it, or begins some."""
    return _CUT.fullmatch(text.lstrip()) is not None or bool(starts(text))


def statements(text: str) -> list[str]:
    """The SQL of a text: all of it if it begins so, else what stands in quotes or in a paragraph of its own."""
    found: list[str] = []
    end = 0
    for at in starts(text):
        if at < end:
            continue
        before = text[:at].strip("( \n")
        if not before or before.startswith("--"):
            return [text.strip()]
        end = _end(text, at)
        found.append(text[at:end].strip())
    return found


def _end(text: str, at: int) -> int:
    """Where a statement that begins in the middle ends: at its quote, or at an empty line."""
    before = text[:at].rstrip(" \n")
    if before and before[-1] in "\"'`" and (close := text.find(before[-1], at)) > 0:
        return close
    empty = re.compile(r"\n\s*\n|\n(?=```|~~~)").search(text, at)
    return empty.start() if empty else len(text)
