"""BigQuery as the adapter's `Jobs` sees it: jobs run step by step, and only their creators can read them.

The submission is the adapter's own (`adapters/bigquery/jobs.py`): ids, retries, 409, 403, attempts. A job runs the steps of
the memory warehouse, and other tasks may run between two steps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from google.api_core import exceptions as google

from regen.adapters.bigquery.jobs import Jobs
from regen.adapters.memory.tables import Steps
from regen.domain.errors import RegenError, Unavailable
from simulation.baton import Task
from simulation.faults import Fault
from simulation.refusals import CANCELLED, NO_COLUMN, Refusal, refusal_of

if TYPE_CHECKING:
    from simulation.world import World

PATIENCE = 60.0
"""The seconds that `Jobs` waits for a result."""
AT_ONCE = 20
"""The most steps of a job before other tasks run: one that takes more waits for another job."""


class Statement(str):  # noqa: SLOT000 - the attributes are few, and of any kind
    """A statement that is submitted in place of SQL text.

    Attributes:
        steps: begins the act, and yields at each of its steps.
        act: the promotion or rollback, which the watch checks.
        transaction: whether it may conflict with another one.
    """

    steps: Callable[[], Steps[Any]]
    act: Any
    transaction: bool

    def __new__(cls, name: str, steps: Callable[[], Steps[Any]], *, act: Any = None, transaction: bool = True) -> Self:
        made = super().__new__(cls, name)
        made.steps, made.act, made.transaction = steps, act, transaction
        return made


@dataclass
class Job:
    """A BigQuery job.

    Attributes:
        creator: the account that submitted it; no other can read it (`roles/bigquery.jobUser`).
        ended: whether it has ended.
        refusal: its error; None if it has not failed.
        slow: whether its caller gives up before it ends.
        waiting: tasks that wait for it.
    """

    platform: "Platform"
    name: str
    statement: Statement
    creator: str
    slow: bool
    ended: bool = False
    answer: Any = None
    refusal: Refusal | None = None
    waiting: list[Task] = field(default_factory=list)

    def result(self, **_: Any) -> Any:
        """Wait for the end as long as `Jobs` does; return the rows."""
        self.platform.wait_for(self)
        if not self.ended:
            raise TimeoutError(f"{self.name} is still running")
        if self.refusal is not None:
            raise self.refusal.error()
        return self.answer

    @property
    def state(self) -> str:
        """The job's state, in BigQuery's words."""
        return "DONE" if self.ended else "RUNNING"

    @property
    def error_result(self) -> Mapping[str, Any] | None:
        """The job's error, in BigQuery's form."""
        return self.refusal.error_result() if self.refusal else None


class Platform:
    """The part of the BigQuery client that `Jobs` calls, and its jobs."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._known: dict[str, Job] = {}
        self.jobs = Jobs(self, timeout=PATIENCE, sleep=self._rest)  # type: ignore[arg-type]

    @property
    def _account(self) -> str:
        task = self._world.current
        return task.name.partition(" ")[0] if task else "nobody"

    def query(self, text: Statement, *, job_id: str, **_: Any) -> Job:
        """Insert a job (`jobs.insert`)."""
        account = self._account

        def insert(*, hangs: bool = False, fails: Refusal | None = None) -> Job:
            if job_id in self._known:
                raise google.Conflict(f"Already Exists: Job simulated:US.{job_id}")  # type: ignore[no-untyped-call]
            job = self._known[job_id] = Job(self, job_id, statement, account, hangs, fails is not None, refusal=fails)
            if fails is None:
                self._run(job)
            return job

        statement = text
        instead = {
            Fault.LATE: lambda: insert(hangs=True),
            Fault.BROKEN: lambda: insert(fails=NO_COLUMN),
            Fault.CONFLICT: lambda: insert(fails=CANCELLED),
        }
        return self._world.call(text, insert, writes=True, transaction=text.transaction, instead=instead)

    def get_job(self, name: str, **_: Any) -> Job:
        """Read a job (`jobs.get`)."""
        job = self._known[name]
        if job.creator != self._account:
            text = f"Access Denied: Job simulated:US.{name}: User does not have bigquery.jobs.get permission"
            raise google.Forbidden(text)  # type: ignore[no-untyped-call]
        return job

    def _rest(self, _: float) -> None:
        """Pause between two submissions of a job, for a drawn time."""
        self._world.sleep(self._world.rng.choice((0.2, 1.0, 3.0)))

    def wait_for(self, job: Job) -> None:
        """Wait until a job has ended, or until its caller gives up."""
        world, task = self._world, self._world.current

        def wait() -> None:
            if task is None or task is not world.current or job.ended:
                return
            if job.slow and world.rng.random() < 0.5:
                raise Unavailable("injected: the job runs still")
            job.waiting.append(task)
            task.wake = world.now + PATIENCE
            task.pause()
            job.waiting.remove(task)

        ends = job.statement.startswith(("promote ", "rollback ", "record "))
        world.call(f"wait for {job.statement}", wait, ends=ends)

    def _run(self, job: Job) -> None:
        """Run a job at once, or with other tasks between its steps; a slow one stalls at one of them."""
        world, rng, statement = self._world, self._world.rng, job.statement
        steps = statement.steps()
        apart = job.slow or rng.random() < world.faults.mix.overlap
        stop = rng.randint(0, 4) if job.slow else None

        def step(number: int) -> None:
            try:
                world.watch.warehouse_act(statement, statement.act, lambda: next(steps))
            except StopIteration as end:
                job.answer = end.value
            except RegenError as error:
                job.refusal = refusal_of(error)
            else:
                onwards(number + 1)
                return
            job.ended = True
            if job.slow:
                world.log(f"{statement}, which was slow, ends with {job.refusal or 'success'}")
            for task in job.waiting:
                task.wake = world.now

        def onwards(number: int) -> None:
            if number == stop:
                world.run_amid_calls(rng.choice((0.0, 5.0, 9.0, 40.0)), lambda: step(number))
            elif apart or number > AT_ONCE:
                world.soon(0.05 * rng.random() * 1.3 ** min(number, 20), lambda: step(number))
            else:
                step(number)

        onwards(0)
