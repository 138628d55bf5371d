"""English as it is read everywhere: the day first, as in Norwegian, and hours to 24."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y H:i"
MONTH_DAY_FORMAT = "j F"
