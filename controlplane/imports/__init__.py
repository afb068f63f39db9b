"""Imports: files a user drops in, read in the background."""
