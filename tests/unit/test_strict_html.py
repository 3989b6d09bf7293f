"""The strict reader of pages sees what it is there for."""

from __future__ import annotations

import pytest

from support.strict_html import problems

GOOD = (
    '<!doctype html><html lang="en"><head><title>t</title></head><body><header>x</header><main><h1>a</h1>{}</main>'
    "<footer>y</footer></body></html>"
)


def test_a_sound_page_has_no_finding() -> None:
    table = '<table><caption>c</caption><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>'
    assert problems(GOOD.format(f'<p>a <a href="/">b</a></p>{table}<label for="q">q</label><input id="q">')) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<p>a", "is due"),
        ("<p><div>a</div></p>", "<div> inside <p>"),
        ('<p style="color:red">a</p>', "has style"),
        ('<p onclick="x()">a</p>', "has onclick"),
        ("<script>x()</script>", "is inline"),
        ('<script src="https://elsewhere/x.js"></script>', "leads to"),
        ('<a href="javascript:x()">a</a>', "leads to"),
        ('<p id="a">a</p><p id="a">b</p>', "2 times"),
        ('<input name="a">', "has no label"),
        ('<label for="nothing">a</label>', "which is not there"),
        ("<h3>a</h3>", "follows one of level 1"),
        ("<h1>a</h1>", "2 of the first level"),
        ("<table><tbody><tr><td>1</td></tr></tbody></table>", "no caption"),
        ("<table><caption>c</caption><tbody><tr><th>1</th></tr></tbody></table>", "no scope"),
        (
            '<table><caption>c</caption><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>',
            "2 cells under 1",
        ),
        ('<a href="/"></a>', "has no name"),
        ('<a href="/"><span aria-hidden="true">x</span></a>', "has no name"),
        ("<svg></svg>", "has no name"),
        ("<button>a</button>", "no type"),
        ('<section aria-labelledby="gone"></section>', "which is not there"),
        ('<img src="/a.png">', "no alt"),
    ],
)
def test_each_fault_is_found(text: str, says: str) -> None:
    assert any(says in problem for problem in problems(GOOD.format(text))), problems(GOOD.format(text))
