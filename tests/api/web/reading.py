"""What a page says, taken out of its HTML without looking at how it looks."""

import html
import re

from flask.testing import FlaskClient


def page(client: FlaskClient, address: str) -> str:
    """The page's HTML; the page must be there."""
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.get_data(as_text=True)


def text(source: str) -> str:
    """The words of a piece of HTML with single spaces between them."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", source)).split())


def rows(source: str) -> list[str]:
    """The words of each row of each table's body; the goals behind the verdict are left out."""
    bodies = re.findall(r"<tbody>(.*?)</tbody>", source.split("</details>")[-1], re.S)
    return [text(row) for body in bodies for row in re.findall(r"<tr>(.*?)</tr>", body, re.S)]


def row_names(source: str) -> list[str]:
    """What each row is called: the link or words of its heading, without the small line and the goals."""
    return [
        text(re.sub(r"<small>.*", "", head, flags=re.S))
        for head in re.findall(r'<th scope="row".*?</th>', source.split("</details>")[-1], re.S)
    ]


def csrf(source: str) -> str:
    """The token that the page's forms send."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', source)
    assert found is not None
    return found[1]
