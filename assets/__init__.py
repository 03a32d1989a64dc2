"""Lessons, icons, data sets and examples: data only, read through importlib.resources."""
