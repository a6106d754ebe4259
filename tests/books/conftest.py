import pytest

from books.bookkeeping import Books


@pytest.fixture
def books():
    return Books()
