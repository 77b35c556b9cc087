"""What Alembic runs: the migrations on the connection that `dualign.jobs.database` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from dualign.jobs.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True
)
context.run_migrations()
