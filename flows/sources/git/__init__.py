"""Commits of repositories, read with git."""

SOURCE = "git"
"""How answers and errors name this source."""
