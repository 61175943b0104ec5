"""Texts of a column that people write in several ways."""

import collections

MAX_LISTED = 3


def spelling_note(values):
    """A note if texts differ in case or spaces alone, such as "Yes" and "yes ".

    Args:
        values: texts, None where missing.
    """
    spellings = collections.defaultdict(set)
    for value in {*values} - {None}:
        spellings[" ".join(value.split()).casefold()].add(value)
    several = sorted(sorted(texts) for texts in spellings.values() if len(texts) > 1)
    if several:
        listed = ", ".join(" and ".join(map(repr, texts)) for texts in several[:MAX_LISTED])
        yield f"some differ in case or spaces alone: {listed}" + ", ..." * (
            len(several) > MAX_LISTED
        )
