"""Partners: programs of others, bound to chosen doors, who know people by pseudonyms of their own."""
