"""Who in a prompt plays which role, so that a character keeps its colours, tone and dress from picture to picture."""

from __future__ import annotations

from gpu_handlers.engines.illustrator import Role
from gpu_handlers.engines.sketch import words
from gpu_handlers.engines.sketch.words import Mention, Reading, Relation

_BUSY = frozenset(
    {"running", "walking", "dancing", "standing", "kneeling", "climbing", "biking", "swimming", "surfing"}
    | {"bowing", "cartwheeling", "juggling", "in-lotus-position", "raising-hand", "shrugging", "tipping-hand"}
)


def give(reading: Reading, prompt: str, roles: tuple[Role, ...]) -> None:
    """Give each role to the first mention that fits it, and take out what speaks of the same character again.

    Roles that the prompt names in full come first, in its order; the others are given to the same kind of subject.
    What the prompt leaves open (colour, tone, size) comes from the role's own words.
    """
    waiting = [(role.seed, lead) for role in _in_order(roles, prompt) if (lead := _lead(role)) is not None]
    played: dict[str, int] = {}
    for at, mention in enumerate(reading.mentions):
        part = next(
            (part for fits in (_fits, _is_same) for part in waiting if fits(mention.subject, part[1].subject)), None
        )
        if part is None or mention.count > 1:
            continue
        waiting.remove(part)
        _dress(mention, *part)
        played.setdefault(mention.subject, at)
    _join(reading, prompt.lower(), roles)
    _merge(reading, played)


def _join(reading: Reading, text: str, roles: tuple[Role, ...]) -> None:
    """What "the girl and the fox" do, both do: "in a boat" holds for both."""
    playing = {mention.role: at for at, mention in enumerate(reading.mentions) if mention.role is not None}
    for one in roles:
        for other in roles:
            if f"{one.words} and {other.words}".lower() not in text or {one.seed, other.seed} - playing.keys():
                continue
            first, second = playing[one.seed], playing[other.seed]
            reading.relations += [
                Relation(first, relation.kind, relation.second)
                for relation in reading.relations
                if relation.first == second and relation.kind in ("inside", "on", "riding")
            ]


def _in_order(roles: tuple[Role, ...], prompt: str) -> list[Role]:
    text = prompt.lower()
    named = [role for role in roles if role.words.lower() in text]
    return sorted(named, key=lambda role: text.index(role.words.lower())) + [r for r in roles if r not in named]


def _lead(role: Role) -> Mention | None:
    """The subject that a role's words begin with."""
    mentions = words.read(role.words).mentions
    return mentions[0] if mentions else None


def _fits(subject: str, lead: str) -> bool:
    """Whether a subject is the role's own, or the same kind of person busy with something ("a woman dancing")."""
    return subject == lead or (subject.startswith(f"{lead}-") and subject.removeprefix(f"{lead}-") in _BUSY)


def _is_same(subject: str, lead: str) -> bool:
    """Whether both do the same, though a picture's words leave open which of them it is."""
    return words.is_either(lead) and words.base(subject) == words.base(lead)


def _dress(mention: Mention, seed: int, lead: Mention) -> None:
    mention.subject, mention.role = lead.subject, seed
    mention.colour = mention.colour or lead.colour
    mention.tone = mention.tone or lead.tone
    if mention.size == 1:
        mention.size = lead.size


def _merge(reading: Reading, played: dict[str, int]) -> None:
    """A story says "the fox" of one fox: a second mention of a subject that plays a role is the same one."""
    to: dict[int, int] = {}
    kept: list[Mention] = []
    for at, mention in enumerate(reading.mentions):
        first = played.get(mention.subject, at)
        lead = reading.mentions[first]
        again = first < at and mention.role is None and mention.count == 1 and mention.colour in (None, lead.colour)
        if again:
            to[at] = to[first]
            lead.stance = lead.stance or mention.stance
        else:
            to[at] = len(kept)
            kept.append(mention)
    tied = [
        Relation(to[relation.first], relation.kind, None if relation.second is None else to[relation.second])
        for relation in reading.relations
    ]
    reading.mentions[:] = kept
    reading.relations[:] = [relation for relation in tied if relation.first != relation.second]
