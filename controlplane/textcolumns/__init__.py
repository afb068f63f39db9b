"""Columns of text: work done once per distinct value, and many values in one scan. Pure; Arrow in, Arrow out."""

from .distinct import Distinct, distinct, encode, matching
from .lines import LineScanner

__all__ = ["Distinct", "LineScanner", "distinct", "encode", "matching"]
