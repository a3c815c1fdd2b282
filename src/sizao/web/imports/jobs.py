"""Long steps of imports, one after another, beside the pages."""

from __future__ import annotations

import logging
from typing import NamedTuple

from sizao.web.background import Background
from sizao.web.imports import services
from sizao.web.imports.models import Batch
from sizao.web.units.models import User

log = logging.getLogger("sizao.imports")


class Job(NamedTuple):
    """A step of a batch: read, check or store, and for whom."""

    step: str
    batch: int
    user: int | None


def run(job: Job) -> None:
    """Do a step. Never raises: the batch says what went wrong."""
    try:
        if job.step == "read":
            services.run_read(job.batch)
        elif job.step == "check":
            services.run_check(job.batch)
        else:
            user = User.objects.filter(pk=job.user).first() if job.user is not None else None
            services.run_store(job.batch, user)
    except services.GivenUpError:
        log.info("import %d: given up during %s", job.batch, job.step)
    except Exception as error:
        log.exception("import %d: step %s failed", job.batch, job.step)
        services.give_up(Batch.objects.get(pk=job.batch), error)


line = Background("imports", run, lambda job: job.batch, services.mend)
mend_once = line.mend_once


def submit(step: str, batch_id: int, user: User | None) -> None:
    """Queue a step. The batch's state says already that it is being worked on."""
    line.submit(Job(step, batch_id, user.pk if user is not None else None))
