"""What a controller is wired to: doors, readers, people. Pure: time is an argument, chance is handed in."""
