"""Lists: filters, sorts, search and pages, declared as data and answered by one statement."""

from greenroom.kit.lists.filters import Filter
from greenroom.kit.lists.listing import Listing, Slice
from greenroom.kit.lists.loading import loads_for
from greenroom.kit.lists.query import PageRequest
from greenroom.kit.lists.selection import DeclarationError, ToMany, ToOne
from greenroom.kit.lists.sorting import Sort, rank

__all__ = ["DeclarationError", "Filter", "Listing", "PageRequest", "Slice", "Sort", "ToMany", "ToOne", "loads_for", "rank"]
