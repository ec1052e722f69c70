"""Homeport: a blog that people host themselves, at home."""
