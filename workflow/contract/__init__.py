"""The documents that flow between the states, and the rules for what may be written in them.

A module for each document, imported by its name: a program that needs three constants pays for those alone. Imports the
standard library only, because every Lambda and every container carries this package. It knows no AWS client and no file
system: it turns plain JSON into frozen dataclasses and back. Every document names its ``version``; a reader refuses a
version it does not know.
"""
