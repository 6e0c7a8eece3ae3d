"""Send events: what operators define that goes out, at the word of a person or of a program."""
