"""The cloud end: who may pass, what happened, the pages and the API."""
