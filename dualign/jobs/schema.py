"""Tables of the registry, as the newest migration leaves them."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text, text

# The newest migration; a test compares it with the migrations' own head.
HEAD = "0001"

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("spec", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("gpus", Integer, nullable=False),
    Column("memory_bytes", Integer, nullable=False),
    Column("launcher", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    # Checkpoints of attempts from this one on count for a resumed job.
    Column("since", Integer, nullable=False),
    Column("wish", Text, nullable=False),
    Column("wished", Float),
    Column("created", Float, nullable=False),
    Column("queued", Float, nullable=False),
    Column("started", Float),
    Column("ended", Float),
    # The process that launches, until the launcher has returned its handle.
    Column("pid", Integer),
    Column("mark", Text),
    Column("machine", Text),
    Column("handle", Text),
    Column("progress", Text),
    Column("result", Text),
)

# The database, not a check before the launch, decides that a content is active once.
Index(
    "one_active_job",
    jobs.c.content,
    unique=True,
    sqlite_where=text("state IN ('queued', 'running', 'paused')"),
)
Index("jobs_by_state", jobs.c.state, jobs.c.queued)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("time", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
)

gpus = Table(
    "gpus",
    metadata,
    Column("machine", Text, primary_key=True),
    Column("gpu", Text, primary_key=True),
    Column("job", Text, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
)

records = Table(
    "records",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("content", Text, nullable=False),
    Index("records_by_name", "kind", "name"),
    sqlite_autoincrement=True,
)

settings = Table(
    "settings",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
