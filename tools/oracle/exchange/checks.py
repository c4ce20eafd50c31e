"""Limits and range checks: section 1 of docs/src/exchange/state-machine.md."""

from margin import Rejection

BP = 10**4
CANCELLED = 1 << 53


def require(holds, code):
    if not holds:
        raise Rejection(code)


def in_range(field, value, low, high):
    if not low <= value < high:
        raise Rejection("out_of_range", field)


def amount_field(field, value):
    in_range(field, value, 1, 1 << 63)


def size_field(field, value):
    in_range(field, value, 1, 1 << 53)


def time_field(field, value):
    in_range(field, value, 1, 1 << 40)


def counter_field(field, value):
    in_range(field, value, 0, (1 << 32) - 1)
