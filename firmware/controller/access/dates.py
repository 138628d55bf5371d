"""Dates as days since 1970-01-01 (the Gregorian calendar)."""


def days(year, month, day):
    """Counted from the first of March, so that a leap day is the last of its year."""
    year -= month < 3
    month = (month + 9) % 12
    return 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 719469


def year_of(day):
    year = 1970 + day * 400 // 146097
    while days(year + 1, 1, 1) <= day:
        year += 1
    while days(year, 1, 1) > day:
        year -= 1
    return year


def month_after(year, month):
    """The first day of the next month."""
    return days(year + month // 12, month % 12 + 1, 1)
