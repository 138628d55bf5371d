"""Rules of controllers: schedules, holidays, areas, time zones, and the JSON object that carries them."""
