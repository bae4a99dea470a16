"""How many instances a function has, and which of them takes a call: rules without I/O or threads.

A `Fleet` holds one revision's calls and instances. It tells a `Scaler` what happens and does what
that decides; the clock is an argument, so that the simulator runs the very code that serves.
"""
