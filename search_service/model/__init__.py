"""Pure rules of search: the text pipeline, the reading of questions, what is indexed and how it is ranked."""
