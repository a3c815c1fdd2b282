"""One line of work: in order, one at a time, and honest about what a process before left."""

from __future__ import annotations

import threading

from sizao.web.background import Background


def test_pieces_are_done_in_order_and_one_at_a_time(db) -> None:
    done, at_once, most, all_done = [], 0, 0, threading.Event()

    def do(job: int) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        done.append(job)
        at_once -= 1
        if job == 4:
            all_done.set()

    line = Background("test", do, int, lambda at_work: None)
    for job in range(5):
        line.submit(job)
    assert all_done.wait(30)
    assert done == [0, 1, 2, 3, 4]
    assert most == 1


def test_what_is_at_work_is_not_taken_for_left_behind(db) -> None:
    begun, go, seen = threading.Event(), threading.Event(), []

    def do(job: int) -> None:
        begun.set()
        assert go.wait(30)

    line = Background("test", do, int, lambda at_work: seen.append(set(at_work)))
    line.submit(7)
    assert begun.wait(30)
    line.mend_once()
    line.mend_once()
    go.set()
    assert seen == [{7}], "once, and row 7 spared"
