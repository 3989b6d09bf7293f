"""The README's commands, typed one after the other."""

from __future__ import annotations

import re
import shlex

from acceptance.conftest import Local
from regen.cli.settings import CHECKOUT

README = (CHECKOUT / "README.md").read_text()


def test_commands_of_the_readme_work(local: Local) -> None:
    (block,) = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)
    lines = block.splitlines()
    assert all(line.startswith("regen ") for line in lines)
    for line in lines:
        done = local.regen(*shlex.split(line)[1:])
        assert done.out, line


def test_make_targets_and_links_exist() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    for target in re.findall(r"^    make (\w+)$", README, re.MULTILINE):
        assert f"\n{target}: " in makefile
    deployment = (CHECKOUT / "docs" / "deployment.md").read_text()
    for command in re.findall(r"^    (terraform .+)$", README, re.MULTILINE):
        assert re.search(rf"^{re.escape(command)}( |$)", deployment, re.MULTILINE), command
    for link in re.findall(r"\]\(([\w./-]+)\)", README):
        assert (CHECKOUT / link).exists(), link
