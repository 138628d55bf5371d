"""Lists: people, cards, PINs and groups in and out, as tables. What would happen is said row by row before it does."""
