# %% [markdown]
# # What moved, and why
#
# What the batches of a night changed: which batches there were, whose predictions moved most, who changed sides, and the whole history of
# one player. It reads the views of [Reading the tables with SQL](../sql.md), and needs the client `google-cloud-bigquery` alone.
#
# Jupyter, VS Code and Colab open this file as a notebook: a cell begins with `# %%`. The queries stand beside it, in files of their own.

# %%
import os
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from google.cloud import bigquery

PROJECT = os.environ.get("PROJECT_ID", "nba-props-platform")
DATASET = f"{PROJECT}.{os.environ.get('REGEN_DATASET_PREFIX', '')}nba_predictions"
FIRST = date.fromisoformat(os.environ.get("FIRST", "2026-01-20"))
LAST = date.fromisoformat(os.environ.get("LAST", "2026-01-24"))
HERE = Path(__file__).parent if "__file__" in globals() else Path.cwd()

client = bigquery.Client(project=PROJECT)


def read(name: str, **more: str) -> list[dict[str, Any]]:
    """The rows of a query of this folder; every one of them names its dates."""
    statement = (HERE / f"{name}.sql").read_text(encoding="utf-8").replace("{nba_predictions}", DATASET)
    days = [bigquery.ScalarQueryParameter(n, "DATE", d) for n, d in (("first", FIRST), ("last", LAST))]
    texts = [bigquery.ScalarQueryParameter(n, "STRING", text) for n, text in more.items()]
    job = bigquery.QueryJobConfig(query_parameters=[*days, *texts])
    return [dict(row.items()) for row in client.query_and_wait(statement, job_config=job)]


def show(rows: list[dict[str, Any]], most: int = 10) -> None:
    """The first rows, one a line."""
    for row in rows[:most]:
        print("  ".join("-" if value is None else str(value) for value in row.values()))
    if len(rows) > most:
        print(f"... and {len(rows) - most} more")


# %% [markdown]
# ## The batches
#
# One row a batch. A rejected, held or cancelled one has changed nothing: its `superseded_count` is empty.

# %%
batches = read("batches")
show(batches)
states = Counter(batch["status"] for batch in batches)
print(dict(states))

# %% [markdown]
# ## What moved
#
# A row for each prediction that was replaced or withdrawn, the largest moves first. A withdrawal has a reason and no new value.

# %%
moves = read("what_moved")
withdrawn = [move for move in moves if move["is_withdrawn"]]
flips = [move for move in moves if move["is_flip"]]
sizes = [abs(float(move["points_moved"])) for move in moves if move["points_moved"] is not None]
show([move for move in moves if not move["is_withdrawn"]])
print(f"{len(moves)} predictions ended: {len(withdrawn)} withdrawn, {len(flips)} changed sides")
if sizes:
    print(f"mean size of a move: {sum(sizes) / len(sizes):.2f} points; the largest {max(sizes):.2f}")

# %% [markdown]
# ## Was it the better source?
#
# Late play-by-play turns SILVER features into GOLD ones: the moves by tier before and after.

# %%
tiers = Counter((move["old_tier"], move["new_tier"]) for move in moves if not move["is_withdrawn"])
for (old, new), number in tiers.most_common():
    print(f"{old or 'unknown'} to {new or 'unknown'}: {number}")

# %% [markdown]
# ## One player, from the first prediction to the last
#
# `valid_to` is empty while a prediction is current. What is superseded is never changed again.

# %%
player = os.environ.get("PLAYER") or (moves[0]["player_lookup"] if moves else "")
history = read("history", player=player)
show(history)
current = [row for row in history if row["valid_to"] is None]
print(f"{player}: {len(history)} predictions so far, {len(current)} current")
