"""Workers, and the shards of the parameter server, as actors of Ray: here, or on a cluster.

Each shard is an actor, and so is each worker, and the place where workers wait for one another. An
update reaches a shard at most once: Ray carries out a call once or not at all. The actors take
down what they do, and the caller puts it together.

Workers are spread over the machines, and so are several shards. One shard alone is where the
caller is, so that the end of another machine costs no more than the workers there.
"""

from typing import TYPE_CHECKING

from microgd.lazy import offer

if TYPE_CHECKING:
    from microgd.parallel.on_ray.run import Options as Options
    from microgd.parallel.on_ray.run import run as run

# Loaded when asked for: actors do without them
offer(__name__, {"Options": "run", "run": "run"})
