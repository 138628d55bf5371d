"""What the cloud end does, for the API, the pages, the worker and the command line alike."""
