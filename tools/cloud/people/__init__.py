"""People, their cards, PINs and groups: services, API, forms and pages."""
