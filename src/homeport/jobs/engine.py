"""The background engine, DBOS, behind plain functions. Only the worker runs jobs; any process may queue and stop them.

What of DBOS matters here: a job is PENDING under the worker's name while it runs, and whoever starts under that name
with the same application version takes it up again; `step` results are kept, so that it goes on where it was. The
version is a constant, since a hash of the code would leave waiting jobs behind at every update.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from dbos import (
    DBOS,
    DBOSClient,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    PortableWorkflowError,
    WorkflowStatus,
    error,
)
from sqlalchemy import Engine, delete, select

from homeport.core.config import Config
from homeport.core.errors import Problem, not_found
from homeport.jobs import store
from homeport.jobs.queries import DoneStep, Followed
from homeport.jobs.service import Progress

QUEUE = "homeport"
AT_ONCE = 2
"""Jobs one worker runs side by side: enough that a slow mail server holds up no post, and little memory."""
STATES = {
    "running": ["PENDING"],
    "waiting": ["ENQUEUED", "DELAYED"],
    "failed": ["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
    "done": ["SUCCESS", "CANCELLED"],
}


@dataclass(frozen=True)
class Entry:
    """One job as the page shows it. `reason` is a sentence, `details` the stack trace; both only where it failed."""

    id: str
    name: str
    args: tuple[Any, ...]
    cancelled: bool
    created_at: datetime
    finished_at: datetime | None
    reason: str
    details: str
    progress: Progress | None


def launch(engine: Engine, name: str, jobs: dict[str, Callable[..., None]]) -> None:
    """Start the engine in this process under the worker's name, with these jobs; it takes up what that name left."""
    # With a handler of its own the engine's lines go through our log, and it adds none to the console.
    logging.getLogger("dbos").addHandler(logging.NullHandler())
    logging.getLogger("dbos").removeFilter(_is_not_about_the_end)
    for job, function in jobs.items():
        DBOS.workflow(name=job)(function)
    DBOS(
        config={
            "name": "homeport",
            "system_database_engine": engine,
            "dbos_system_schema": store.SCHEMA,
            "serializer": DBOSPortableJSONSerializer(),
            "application_version": "1",
            "executor_id": name,
            "max_executor_threads": AT_ONCE + 2,
            "use_listen_notify": False,
            "enable_otlp": False,
            "log_level": "WARNING",
        }
    )
    DBOS.launch()
    DBOS.register_queue(QUEUE, worker_concurrency=AT_ONCE, on_conflict="always_update")
    store.create_tables(engine)


def _is_not_about_the_end(record: logging.LogRecord) -> bool:
    # A job that still runs while the engine is ended finds none at its next step. That is as it should be.
    return not (record.exc_info and record.exc_info[0] is error.DBOSException)


def stop(grace_seconds: int) -> None:
    """End the engine; jobs that still run after the grace are left to the next worker."""
    logging.getLogger("dbos").addFilter(_is_not_about_the_end)
    DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=grace_seconds)


def adopt(engine: Engine, now: datetime) -> None:
    """Take up the jobs of workers that have not been seen for a while and did not come back under their name."""
    alive = store.living(engine, now)
    pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    lost = {row.executor_id for row in pending if row.executor_id and row.executor_id not in alive}
    if lost:
        DBOS._recover_pending_workflows(sorted(lost))  # what its own recovery at start-up does, for other names


@lru_cache(maxsize=4)
def _client(config: Config) -> DBOSClient:
    return DBOSClient(
        system_database_engine=store.books(config),
        dbos_system_schema=store.SCHEMA,
        serializer=DBOSPortableJSONSerializer(),
        application_name="homeport",
        retry_connection_errors=False,
        lazy=True,
    )


def enqueue(config: Config, name: str, args: tuple[Any, ...], dedupe: str | None, job_id: str | None = None) -> None:
    """Put a job into the queue, unless one with the same `dedupe` waits or runs. Raises what the database raises.

    `job_id` is what it is known by from then on; without one, the engine makes one up.
    """
    options = EnqueueOptions(workflow_name=name, queue_name=QUEUE)
    if job_id is not None:
        options["workflow_id"] = job_id
    if dedupe is not None:
        options["deduplication_id"] = dedupe
    try:
        # A transaction of our own, because the client's would wait for a locked file forever.
        with store.books(config).begin() as connection:
            _client(config).enqueue_in_transaction(connection, options, *args)
    except error.DBOSQueueDeduplicatedError:
        return


def listing(config: Config, state: str, limit: int) -> list[Entry]:
    """The newest jobs in one of `STATES`."""
    rows = _client(config).list_workflows(
        status=STATES[state], limit=limit, sort_desc=True, load_output=state == "failed"
    )
    ids = [row.workflow_id for row in rows]
    with store.books(config).connect() as connection:
        found = connection.execute(select(store.progress).where(store.progress.c.job_id.in_(ids)))
        progress = {row.job_id: Progress(row.done, row.total, row.what) for row in found}
    return [_entry(row, progress.get(row.workflow_id)) for row in rows]


def _entry(row: WorkflowStatus, progress: Progress | None) -> Entry:
    reason, details = "", ""
    if row.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
        reason = "The worker ended each time it ran this job."
    elif isinstance(row.error, PortableWorkflowError):
        reason, details = row.error.message, str(row.error.data or "")
    return Entry(
        id=row.workflow_id,
        name=row.name,
        args=tuple(row.input["args"]) if row.input else (),
        cancelled=row.status == "CANCELLED",
        created_at=_moment(row.created_at or 0),
        finished_at=_moment(row.completed_at) if row.completed_at else None,
        reason=reason,
        details=details,
        progress=progress,
    )


def follow(config: Config, name: str, limit: int) -> list[Followed]:
    """The newest jobs of a name, each with the steps that are done."""
    rows = _client(config).list_workflows(name=name, limit=limit, sort_desc=True, load_output=False)
    return [_followed(row, _client(config).list_workflow_steps(row.workflow_id)) for row in rows]


def _followed(row: WorkflowStatus, steps: list[Any]) -> Followed:
    return Followed(
        id=row.workflow_id,
        state=next((state for state, statuses in STATES.items() if row.status in statuses), row.status),
        args=tuple(row.input["args"]) if row.input else (),
        created_at=_moment(row.created_at or 0),
        finished_at=_moment(row.completed_at) if row.completed_at else None,
        steps=tuple(
            DoneStep(
                found["function_name"],
                found["output"],
                _moment(found["started_at_epoch_ms"] or 0),
                _moment(found["completed_at_epoch_ms"] or 0),
            )
            for found in steps
        ),
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def retry(config: Config, job_id: str) -> None:
    """Let a failed or cancelled job go on from the step it stopped at. Raises Problem where there is none."""
    client, status = _client(config), _status(config, job_id)
    if status in {"CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}:
        client.resume_workflow(job_id, queue_name=QUEUE)
    elif status == "ERROR":
        steps = client.list_workflow_steps(job_id)
        failed = [found["function_id"] for found in steps if found["error"] is not None]
        client.rewind_workflow(job_id, start_step=min(failed, default=len(steps) + 1), queue_name=QUEUE)
    else:
        raise Problem("This job has not failed, so there is nothing to try again.", status=409, code="job_not_failed")


def cancel(config: Config, job_id: str) -> None:
    """Stop a job: one that waits at once, one that runs at its next step. Raises Problem where there is none."""
    if _status(config, job_id) not in {"ENQUEUED", "DELAYED", "PENDING"}:
        raise Problem("This job has ended, so there is nothing to cancel.", status=409, code="job_ended")
    _client(config).cancel_workflow(job_id)


def _status(config: Config, job_id: str) -> str:
    found = _client(config).list_workflows(workflow_ids=[job_id], load_input=False, load_output=False)
    if not found:
        raise not_found()
    return found[0].status


def clean(config: Config, before: datetime) -> int:
    """Forget the jobs that ended before a moment; the number of them, at most 1000 a call."""
    ended = [*STATES["failed"], *STATES["done"]]
    old = _client(config).list_workflows(
        status=ended, completed_before=before.isoformat(), limit=1000, load_input=False, load_output=False
    )
    ids = [row.workflow_id for row in old]
    if ids:
        _client(config).delete_workflows(ids)
        with store.books(config).begin() as connection:
            connection.execute(delete(store.progress).where(store.progress.c.job_id.in_(ids)))
    return len(ids)
