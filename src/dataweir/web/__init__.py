"""The web page: the catalogue for people, server-rendered, beside the command line."""
