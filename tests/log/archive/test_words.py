"""Words keep their numbers whatever their bytes and however many come."""

from __future__ import annotations

import random

import pyarrow as pa

from sizao.log.archive.words import Words


def test_each_word_has_one_number_in_the_order_of_coming() -> None:
    chance = random.Random(2)
    known = [
        "",
        "1",
        "川DI0001",
        "plate:2:川DI0001",
        "x" * 300,
        "1\0",
        "\0",
        "12345678",
        "123456789",
    ]
    known += [f"1390{number:07}" for number in range(6_000)]
    words, expected = Words(), {}
    for size in (1, 3, 300, 5_000, 9_000):
        some = chance.choices(known, k=size)
        numbers = [expected.setdefault(word, len(expected)) for word in some]
        assert (
            words.numbers(pa.array(["before", *some, "behind"]).slice(1, size)).tolist() == numbers
        )
        assert words.all().to_pylist() == list(expected)
    assert len(words) == len(expected) > 4_000


def test_what_was_forgotten_is_new_again() -> None:
    words = Words()
    assert words.numbers(pa.array(["a", "b", "a"])).tolist() == [0, 1, 0]
    before = words.all()
    words.clear()
    assert words.all().to_pylist() == []
    assert words.numbers(pa.array(["b", "c"])).tolist() == [0, 1]
    assert before.to_pylist() == ["a", "b"], "what was given does not change"
    assert words.numbers(pa.array([], pa.string())).tolist() == []
