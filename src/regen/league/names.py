"""Invented names of players and teams, made of syllables, with the punctuation and accents of real names."""

from __future__ import annotations

from random import Random

from regen.data.parse import lookup


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST_HEADS = _words(
    "Ba Bre Ca Da De Do Fa Ga Ja Jo Ka Ke La Le Ma Mi Na Ne O Pe Qua Ra Ro Sa Se Ta Te Ty Va Vi Wa Za Zo"
)
_FIRST_TAILS = _words("bren don fon kell len lor mond nek quin ris ron sean ton vell vin")
_LAST_HEADS = _words(
    "Ald Bar Bel Bor Cor Dal Dru Fen Gar Hal Har Kes Lor Mar Mel Nor Oak Pel Quil Ros Sel Stan Tal Tor Ul Ver Wen Wes "
    "Yar Zel"
)
_LAST_TAILS = _words(
    "bank combe dane don field gate ham holt low man mere ner rick ridge ser shaw stead sworth tane ton vane wick wood "
    "worth"
)
_ACCENTED = _words("Vukasović Peñalosa Žvirblis Müllerhaus Çelikbaş Ångquist Štrbac Bérangère Kőszegi")
_SUFFIXES = _words("Jr. Jr. II III IV")

TEAMS = _words(
    "ARD BEX CLM DRN ELV FSK GLN HVN INV JAS KLD LYR MRB NTH ODN PLV QRY RVS SLT TRN UMB VLD WEX XAN YRK ZEN AQU BRM "
    "CDR DUN"
)
"""Thirty invented codes."""


class Names:
    """Generates names; no two have the same lookup key."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._taken: set[str] = set()

    def next(self) -> str:
        """A new name; about one in eight has a hyphen, an apostrophe, dots, an accent or a suffix."""
        while True:
            name = self._one()
            key = lookup(name)
            if key not in self._taken:
                self._taken.add(key)
                return name

    def _one(self) -> str:
        pick = self._random.choice
        first = pick(_FIRST_HEADS) + pick(_FIRST_TAILS)
        last = pick(_LAST_HEADS) + pick(_LAST_TAILS)
        marked = (
            (0.025, f"{first} {last}-{pick(_LAST_HEADS)}{pick(_LAST_TAILS)}"),
            (0.045, f"{pick(('De', 'Ja', 'Na', 'Ra'))}'{first} {last}"),
            (0.060, f"{first} O'{last}"),
            (0.080, f"{pick('ACDJKLPRT')}.{pick('CDJJMRTW')}. {last}"),
            (0.100, f"{first} {pick(_ACCENTED)}"),
            (0.130, f"{first} {last} {pick(_SUFFIXES)}"),
        )
        draw = self._random.random()
        return next((name for limit, name in marked if draw < limit), f"{first} {last}")
