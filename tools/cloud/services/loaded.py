"""What a server has loaded when it begins stays: the collector need not look through all of it again and again.

A whole collection takes about a tenth of a second with Django and the pages loaded, in which nobody is answered and no
tap is taken: test_loaded.py has it side by side.
"""

import gc

from django.urls import get_resolver


def stays() -> None:
    """Loads the pages and the API too, which would otherwise come with the first request."""
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
