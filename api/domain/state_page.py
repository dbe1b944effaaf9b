"""Draws the table of transitions as docs/states.md: `python -m api.domain.state_page > docs/states.md`."""

from __future__ import annotations

import sys
from itertools import groupby

from api.domain.transitions import STEPS, Step

HEAD = """# States

Drawn from the one table of transitions, `api/domain/transitions.py`, by `python -m api.domain.state_page`; a test
compares. An arrow is a change of state: the event, and in brackets who may cause it. Nothing else can happen to a row.
"""


def state_page() -> str:
    """The page as Markdown, with one Mermaid diagram for each thing that has states."""
    parts = [HEAD]
    for thing, steps in groupby(STEPS, key=lambda step: step.thing):
        arrows = [arrow for step in steps for arrow in _arrows(step)]
        parts.append("\n".join([f"## {thing}", "", "```mermaid", "stateDiagram-v2", *arrows, "```", ""]))
    return "\n".join(parts)


def _arrows(step: Step) -> list[str]:
    who = ", ".join(sorted(party.value for party in step.by))
    return [f"  {source or '[*]'} --> {step.target}: {step.event} ({who})" for source in step.sources]


if __name__ == "__main__":
    sys.stdout.write(state_page())
