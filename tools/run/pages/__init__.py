"""The page that draws the building: its template, drawing and script."""
