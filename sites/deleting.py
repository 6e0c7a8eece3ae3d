"""Deleting a row with all that hangs on it, without loading millions of rows.

Little goes at once, while the person who asked waits. Of more, a job deletes a slice after the
other, and the row at last; until then it takes in nothing new.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from django.db.models import Model, QuerySet

from sites.audit import Actor
from sites.jobs import job_actor, job_start
from sites.models import Job, JobState, Site

Row = TypeVar("Row", bound=Model)


class Deletion(ABC, Generic[Row]):
    """How rows of one kind are deleted; `run` is the runner of its jobs.

    `kind` is that of the jobs, `noun` names the row in their titles, `parameter` holds its key,
    and `counted` says in their counts what was deleted.
    """

    # So few at once, and so many a slice.
    slice_size: ClassVar[int] = 500

    kind: ClassVar[str]
    noun: ClassVar[str]
    parameter: ClassVar[str]
    counted: ClassVar[str]

    @abstractmethod
    def find(self, key: int) -> Row | None:
        """Return the row, None when it is gone."""

    @abstractmethod
    def hanging_on(self, row: Row) -> QuerySet[Any]:
        """Return what makes the deletion long."""

    @abstractmethod
    def stop(self, row: Row, actor: Actor) -> None:
        """Let nothing more come to a row that a job will delete."""

    @abstractmethod
    def delete_slice(self, row: Row) -> int:
        """Delete up to `slice_size` of what hangs on the row; return how many."""

    @abstractmethod
    def delete_row(self, row: Row, actor: Actor) -> None:
        """Delete the row, and note who did it."""

    def begin(self, row: Row, *, site: Site, actor: Actor) -> Job | None:
        """Delete the row in the caller's transaction, or return the job that does it."""
        if self.hanging_on(row)[self.slice_size : self.slice_size + 1].exists():
            return self._job(row, site, actor)
        self.delete_slice(row)
        self.delete_row(row, actor)
        return None

    def run(self, job: Job) -> bool:
        row = self.find(job.parameters[self.parameter])
        if row is None:
            return True
        deleted = self.delete_slice(row)
        job.done += deleted
        job.counts = {self.counted: job.done}
        if deleted:
            return False
        self.delete_row(row, job_actor(job))
        return True

    def _job(self, row: Row, site: Site, actor: Actor) -> Job:
        job = Job.objects.filter(
            kind=self.kind,
            state__in=(JobState.PENDING, JobState.RUNNING),
            **{f"parameters__{self.parameter}": row.pk},
        ).first()
        if job is not None:
            return job
        self.stop(row, actor)
        return job_start(
            kind=self.kind,
            title=f"Delete {self.noun} “{row}”",
            site=site,
            parameters={self.parameter: row.pk},
            total=self.hanging_on(row).count(),
            actor=actor,
        )
