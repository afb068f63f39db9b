"""The first page: counts, series and lists of every other app in one answer."""
