"""The blog explains itself: exercises in Python, and labs for the terminal. It observes; nothing imports it."""
