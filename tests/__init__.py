"""The specification: a file is a subject, a test's name is a sentence, its docstring is the guarantee."""
