"""Consents: what a site asks for, in which words, and what each contact answered.

texts         the texts of a version, checked; HTML of conditions as plain text
definitions   what a site asks for: saved with new versions of the texts, deleted
users         what of the layers above needs a definition
counting      how many answered what, and ids that were answered but never defined
answers       a contact's answers set here, through the one door of contacts
standing      yes, no or not set, and the history of it
proof         a contact's answers with the words that were shown, as a document
proof_export  the same for everybody who answered one consent, as a file
"""
