"""Virtual time on CPython: many controllers in one process, one thread, one seed. Nothing waits."""
