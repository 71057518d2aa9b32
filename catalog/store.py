"""The store: everything that runs know, in one SQL database."""

from __future__ import annotations

from .budget import BudgetRecords
from .descriptions import DescriptionRecords
from .erasures import ErasureRecords
from .events import EventRecords
from .intents import IntentRecords
from .measurements import MeasureRecords
from .people import PeopleRecords
from .requests import RequestRecords
from .reviews import ReviewRecords
from .runs import RunRecords
from .search import SearchRecords
from .tags import TagRecords


class Store(
    RunRecords,
    EventRecords,
    IntentRecords,
    ReviewRecords,
    MeasureRecords,
    PeopleRecords,
    ErasureRecords,
    BudgetRecords,
    TagRecords,
    RequestRecords,
    DescriptionRecords,
    SearchRecords,
):
    """One open catalogue. `Store.open(url)` creates it and brings its tables up to date.

    Methods are short transactions that take and give frozen records (records.py); a failing database is a
    StorageError. It is safe to use from several threads; processes open their own.
    """
