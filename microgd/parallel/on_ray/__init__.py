"""Workers, and the shards of the parameter server, as actors of Ray: here, or on a cluster."""

from microgd.parallel.on_ray.run import Options as Options
from microgd.parallel.on_ray.run import run as run
