"""Lists as files: nothing in them is calculated, numbers and dates stay what they are."""

import csv
from datetime import UTC, date, datetime
from io import BytesIO, StringIO

import pytest
from openpyxl import load_workbook

from api import i18n
from api.errors import InvalidInput
from api.services import exports

DANGEROUS = ["=1+1", "+47 22 00 00 00", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", '=HYPERLINK("//evil")']
MOMENT = datetime(2027, 3, 28, 8, 15, tzinfo=UTC)


def csv_rows(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_is_calculated(text: str) -> None:
    (cell,) = csv_rows(exports.write("csv", ["Navn"], [[text]]))[1]
    assert cell == f"'{text}"
    found = load_workbook(BytesIO(exports.write("xlsx", ["=A1"], [[text]]))).worksheets[0]
    assert {(one.data_type, one.number_format) for row in found.iter_rows() for one in row} == {("s", "@")}


def test_what_breaks_lines_stays_in_its_cell() -> None:
    text = 'Hei; "du"\nder, Æøå Čáhput \x01'
    assert csv_rows(exports.write("csv", ["Navn", "Tall"], [[text, 1]])) == [["Navn", "Tall"], [text, "1"]]
    found = load_workbook(BytesIO(exports.write("xlsx", ["Navn"], [[text]]))).worksheets[0]
    assert found["A2"].value == text.removesuffix("\x01")


def test_numbers_dates_and_moments_stay_what_they_are() -> None:
    row = [4512, 0.5, date(2027, 3, 8), MOMENT, True, None, -2]
    with i18n.use_locale("nb"):
        shown = csv_rows(exports.write("csv", list("abcdefg"), [row]))[1]
        found = load_workbook(BytesIO(exports.write("xlsx", list("abcdefg"), [row]))).worksheets[0]
    assert shown == ["4512", "0,50", "2027-03-08", "2027-03-28 10:15", "ja", "", "-2"]
    kept = [cell.value for cell in found[2]]
    assert kept == [
        4512,
        0.5,
        datetime(2027, 3, 8),
        datetime(2027, 3, 28, 10, 15),
        "ja",
        None,
        -2,
    ]


def test_too_long_a_list_and_another_kind_of_file_are_refused() -> None:
    with pytest.raises(InvalidInput, match="20"):
        exports.write("csv", ["n"], ([n] for n in range(exports.MOST_ROWS + 1)))
    with pytest.raises(InvalidInput):
        exports.write("pdf", ["n"], [])
