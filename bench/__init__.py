"""Measures the local cloud beside its peers: `make bench`.

load generator → each contestant in turn, round after round → medians → one table and a JSON file.
Machines drift, so what is compared is measured in the same round, and ratios are of one round.
"""
