"""Names in the order people in Norway look for them: æ, ø and å come last, "aa" is å, and case says nothing.

Neither database sorts so by itself: both compare bytes unless a collation is there that not every server has. So they
sort by a key that this module makes. In it æ, ø and å are the three signs that follow z in ASCII, and the other letters
of names here have lost their marks.
"""

_SMALL = dict(zip("æäøöåáàčđéèêŋóòôšŧüž", "{{||}aacdeeenooostyz", strict=True))
LETTERS = "".join(_SMALL) + "".join(_SMALL).upper()
SORTED_AS = "".join(_SMALL.values()) * 2
TWO_LETTERS = ("aa", "}")

_TABLE = str.maketrans(LETTERS, SORTED_AS)


def name_key(name: str) -> str:
    """What a name sorts by; `api.queries.names.by_name` is the same in SQL."""
    return name.translate(_TABLE).lower().replace(*TWO_LETTERS)
