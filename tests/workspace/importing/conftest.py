"""Workbooks as people make them, written by openpyxl into the test's folder."""

import pytest
from openpyxl import Workbook


class Book:
    """A workbook under construction."""

    def __init__(self, folder):
        self.folder, self.book = folder, Workbook()
        self.book.remove(self.book.active)

    def sheet(self, name, rows, *, merge=()):
        sheet = self.book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for place in merge:
            sheet.merge_cells(place)
        return sheet

    def save(self, name="手順書.xlsx"):
        file = self.folder / name
        self.book.save(file)
        return file


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)
