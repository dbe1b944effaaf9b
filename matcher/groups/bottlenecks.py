"""Where one more mentor would serve the most."""

from matcher.groups.smallest_change import SmallestChanges
from matcher.plan import Bottleneck


def bottlenecks(changes: SmallestChanges) -> tuple[Bottleneck, ...]:
    """The open sessions where one more mentor serves somebody more, those with the most first, then by id.

    `levels` are those of the pupils who have the session within reach among their choices; the mentor covers them all.
    """
    facts = changes.facts
    asked: dict[int, set[str]] = {}
    for p, pupil in enumerate(facts.pupils):
        for s, _ in facts.within_reach[p]:
            asked.setdefault(s, set()).add(pupil.level)
    found = [
        Bottleneck(session=facts.sessions[s].id, levels=tuple(sorted(asked[s])), one_more_mentor_serves=gain.more)
        for s, gain in changes.gains.items()
        if gain is not None and gain.more > 0
    ]
    return tuple(sorted(found, key=lambda one: (-one.one_more_mentor_serves, one.session)))
