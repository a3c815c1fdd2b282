"""Eight numbers at once, for what kernels do with many and have no loop for.

A kernel's own loops are put together eight at a time by the compiler only where it can prove that
nothing overlaps and where no least is sought among fractions. Here it is written so. On machines
without words of eight the compiler makes them of shorter ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from llvmlite import ir
from numba import types

EIGHT = 8
_REAL, _WHOLE = ir.FloatType(), ir.IntType(32)
REALS, WHOLES = ir.VectorType(_REAL, EIGHT), ir.VectorType(_WHOLE, EIGHT)


@dataclass
class Few:
    """A word of eight, of float32, int32 or truths, with the arithmetic of its kind."""

    builder: Any
    value: Any

    @property
    def is_real(self) -> bool:
        return bool(self.value.type == REALS)

    def _do(self, real: str, whole: str, other: Few | float) -> Few:
        other = self._same(other)
        name = real if self.is_real else whole
        return Few(self.builder, getattr(self.builder, name)(self.value, other.value))

    def _same(self, other: Few | float) -> Few:
        return other if isinstance(other, Few) else constant(self.builder, other)

    def __add__(self, other: Few | float) -> Few:
        return self._do("fadd", "add", other)

    def __sub__(self, other: Few | float) -> Few:
        return self._do("fsub", "sub", other)

    def __mul__(self, other: Few | float) -> Few:
        return self._do("fmul", "mul", other)

    def __and__(self, other: Few) -> Few:
        return Few(self.builder, self.builder.and_(self.value, other.value))

    def __or__(self, other: Few) -> Few:
        return Few(self.builder, self.builder.or_(self.value, other.value))

    def __neg__(self) -> Few:
        return Few(self.builder, self.builder.fneg(self.value))

    def __invert__(self) -> Few:
        return Few(self.builder, self.builder.not_(self.value))

    def _compare(self, how: str, other: Few | float) -> Few:
        compare = self.builder.fcmp_ordered if self.is_real else self.builder.icmp_signed
        return Few(self.builder, compare(how, self.value, self._same(other).value))

    def __lt__(self, other: Few | float) -> Few:
        return self._compare("<", other)

    def __le__(self, other: Few | float) -> Few:
        return self._compare("<=", other)

    def __gt__(self, other: Few | float) -> Few:
        return self._compare(">", other)

    def same_as(self, other: Few | float) -> Few:
        return self._compare("==", other)

    def least(self, other: Few | float) -> Few:
        other = self._same(other)
        return (self < other).choose(self, other)

    def most(self, other: Few | float) -> Few:
        other = self._same(other)
        return (self > other).choose(self, other)

    def choose(self, one: Few, other: Few) -> Few:
        """Of truths: the first where true, else the second."""
        return Few(self.builder, self.builder.select(self.value, one.value, other.value))

    def real(self) -> Few:
        return Few(self.builder, self.builder.sitofp(self.value, REALS))

    def whole(self) -> Few:
        """Of truths: 1 where true, else 0."""
        return Few(self.builder, self.builder.zext(self.value, WHOLES))

    def as_wholes(self) -> Few:
        """The same bits."""
        return Few(self.builder, self.builder.bitcast(self.value, WHOLES))

    def bits(self) -> Any:
        """Of truths: a bit of an int64 each."""
        byte = self.builder.bitcast(self.value, ir.IntType(8))
        return self.builder.zext(byte, ir.IntType(64))

    def ordered(self, other: Self, numbers: list[int]) -> Few:
        """These of the sixteen of both words."""
        return Few(
            self.builder, self.builder.shuffle_vector(self.value, other.value, _mask(numbers))
        )

    def least_of_all(self) -> Any:
        words = self.value
        for half in (4, 2, 1):
            low, high = (
                self.builder.shuffle_vector(words, words, _mask(list(range(at, at + half))))
                for at in (0, half)
            )
            lower = self.builder.fcmp_ordered("<", low, high)
            words = self.builder.select(lower, low, high)
        return self.builder.extract_element(words, _WHOLE(0))


def _mask(numbers: list[int]) -> Any:
    return ir.Constant(ir.VectorType(_WHOLE, len(numbers)), numbers)


def constant(builder: Any, value: float) -> Few:
    """Eight of the same, known when compiled; int32 if it is an int."""
    kind = WHOLES if isinstance(value, int) else REALS
    return Few(builder, ir.Constant(kind, [value] * EIGHT))


def lanes(builder: Any) -> Few:
    """0 to 7."""
    return Few(builder, ir.Constant(WHOLES, list(range(EIGHT))))


def every(builder: Any, value: Any) -> Few:
    """Eight of the same."""
    kind = ir.VectorType(value.type, EIGHT)
    none = ir.Constant(kind, ir.Undefined)
    one = builder.insert_element(none, value, _WHOLE(0))
    return Few(builder, builder.shuffle_vector(one, none, _mask([0] * EIGHT)))


@dataclass
class Column:
    """An array of float32 or int32, of which eight are read or written from a place on."""

    builder: Any
    data: Any
    real: bool

    def one(self, place: Any) -> Any:
        """A single number."""
        kind = _REAL if self.real else _WHOLE
        return self.builder.load(self._place(place), typ=kind, align=4)

    def _place(self, at: Any) -> Any:
        kind = _REAL if self.real else _WHOLE
        begin = self.builder.bitcast(self.data, kind.as_pointer())
        return self.builder.gep(begin, [at], source_etype=kind)

    def _at(self, first: Any) -> Any:
        eight = REALS if self.real else WHOLES
        return self.builder.bitcast(self._place(first), eight.as_pointer())

    def read(self, first: Any) -> Few:
        kind = REALS if self.real else WHOLES
        return Few(self.builder, self.builder.load(self._at(first), typ=kind, align=4))

    def write(self, first: Any, value: Few) -> None:
        self.builder.store(value.value, self._at(first), align=4)


def taken(context: Any, builder: Any, signature: Any, arguments: Any) -> list[Any]:
    """An intrinsic's arguments: arrays of single numbers as Column, other arrays as where they
    begin, and numbers as they are."""
    found = []
    for kind, value in zip(signature.args, arguments, strict=True):
        if not isinstance(kind, types.Array):
            found.append(value)
            continue
        data = context.make_array(kind)(context, builder, value).data
        if isinstance(kind.dtype, types.Record):
            found.append(data)
        else:
            found.append(Column(builder, data, isinstance(kind.dtype, types.Float)))
    return found
