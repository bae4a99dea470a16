"""Runs scalers against workloads without any instance: discrete events, seeded, repeatable.

What decides is the code that serves (`Fleet` and its scaler); only time and work are simulated.
"""
