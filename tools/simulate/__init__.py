"""`portvakt sim`: the firmware in virtual time, against the cloud's real ingest, from one seed."""
