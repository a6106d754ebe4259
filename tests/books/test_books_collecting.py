"""The collector rests while very many records are read, and is as it was afterwards."""

import gc

import pytest

from temanashi.books.collecting import without_collecting


def test_it_rests_and_goes_on_also_after_an_error():
    with without_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), without_collecting():
        raise KeyError
    assert gc.isenabled()


def test_who_finds_it_off_leaves_it_off():
    with without_collecting():
        with without_collecting():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
