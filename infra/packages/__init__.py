"""What a cloud runs: a function's files of app/ and the libraries that they import, in one folder.

bundle → imports.py: third-party modules → the pinned distributions that provide them
       → libraries.py: their wheels for the cloud's interpreter and CPU, installed once and kept
       → build.py: one clean folder per function, the same bytes wherever and whenever it is built
       → sizes.py: the table that a preview shows
"""
