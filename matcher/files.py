"""Output files: all of them whole, or none."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from matcher.fields import InvalidProblem


def require_writable(places: Mapping[str, Path]) -> None:
    """Raises InvalidProblem for a place, by its flag, where no file can be written, and for two that are the same."""
    seen: dict[Path, str] = {}
    for flag, path in places.items():
        if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise InvalidProblem([f"{flag}: {path} cannot be written; give a file in a folder that can be written"])
        if (first := seen.setdefault(path.resolve(), flag)) != flag:
            raise InvalidProblem([f"{flag}: {path} is the file of {first} too; give another"])


def write_whole(texts: Mapping[str, tuple[Path, str]]) -> None:
    """Writes every (path, text), named by its flag, or leaves all files as they were and raises InvalidProblem."""
    parts: dict[str, str] = {}
    before: dict[Path, bytes | None] = {}
    at = ""
    try:
        for at, (path, text) in texts.items():
            handle, parts[at] = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.chmod(parts[at], 0o666 & ~_umask())
        for at, (path, _) in texts.items():
            old = path.read_bytes() if path.exists() else None
            os.replace(parts[at], path)
            before[path] = old
    except OSError as error:
        for name in parts.values():
            Path(name).unlink(missing_ok=True)
        for path, old in before.items():
            path.unlink() if old is None else path.write_bytes(old)
        path = texts[at][0]
        raise InvalidProblem([f"{at}: {path} cannot be written ({error.strerror}); give another place"]) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
