"""Our own pages, under `/tema/`: server-rendered, in Japanese and English, without scripts."""

from __future__ import annotations

from temanashi.pages.app import build_pages
from temanashi.pages.site import Links, Site

__all__ = ["Links", "Site", "build_pages"]
