"""Contacts in and out as CSV files.

columns     what a file can hold, and which of it a header names
cells       a value as the text of a cell, and back
resource    rows to changes for the door of contacts, contacts to rows
encodings   uploaded bytes to text
reading     text to rows, from any place of a file on
person_rows which rows are about somebody who is erased
row_removal taking those rows out
files       the text itself, in parts in the database
importing   uploading, checking, starting; and its jobs
exporting   the same for exports
"""
