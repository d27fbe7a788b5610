"""Databases, caches and queues: they keep the account that their images have always let them run as.

What they keep on volumes belongs to that account already: another one could not read it. Their own start scripts
(``docker-entrypoint.sh``) change owners and accounts only where they begin as root.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from undercurrent.hardening.fixing.families.recognising import Family
from undercurrent.hardening.fixing.nouns import Situation, Steps
from undercurrent.hardening.model.nouns import Origin, StatePath

__all__ = ["FAMILIES"]


@dataclass(frozen=True, slots=True)
class _Store:
    """What is known of one: programs, account, folders of sockets and pids, folders of data."""

    name: str
    programs: tuple[str, ...]
    account: str
    passing: tuple[str, ...]
    lasting: tuple[str, ...]
    passwd: bool = False


# Sources: the Dockerfiles of the official images, https://github.com/docker-library
_STORES: Final = (
    _Store(
        "postgresql",
        ("postgres", "postmaster"),
        "postgres",
        ("/var/run/postgresql",),
        ("/var/lib/postgresql/data",),
        passwd=True,
    ),
    _Store("mariadb", ("mariadbd", "mariadbd-safe"), "mysql", ("/run/mysqld",), ("/var/lib/mysql",)),
    _Store("mysql", ("mysqld", "mysqld_safe"), "mysql", ("/var/run/mysqld",), ("/var/lib/mysql",)),
    _Store("redis", ("redis-server", "redis-sentinel"), "redis", (), ("/data",)),
    _Store("valkey", ("valkey-server", "valkey-sentinel"), "valkey", (), ("/data",)),
    _Store("mongo", ("mongod", "mongos"), "mongodb", (), ("/data/db", "/data/configdb")),
    _Store("memcached", ("memcached",), "memcache", (), ()),
    _Store("rabbitmq", ("rabbitmq-server",), "rabbitmq", ("/var/log/rabbitmq",), ("/var/lib/rabbitmq",)),
    _Store("elasticsearch", ("elasticsearch",), "elasticsearch", (), ("/usr/share/elasticsearch/data",)),
    _Store("influxdb", ("influxd",), "influxdb", (), ("/var/lib/influxdb2", "/etc/influxdb2")),
    _Store("cassandra", ("cassandra",), "cassandra", ("/var/log/cassandra",), ("/var/lib/cassandra",)),
    _Store("eclipse-mosquitto", ("mosquitto",), "mosquitto", ("/mosquitto/log",), ("/mosquitto/data",)),
    _Store("zookeeper", ("zkServer.sh",), "zookeeper", ("/datalog", "/logs"), ("/data",)),
)


def _family(store: _Store) -> Family:
    return Family(
        store.name,
        store.programs,
        (store.name, store.name.removesuffix("ql")),
        _steps(store),
        store.account,
        keeps=True,
    )


def _steps(store: _Store) -> Callable[[Situation], Steps]:
    def made(situation: Situation) -> Steps:
        base = Origin(situation.image.base_name)
        official = any(account.name == store.account for account in situation.image.accounts)
        # Packages put things elsewhere: only what the file speaks of counts.
        source = situation.image.dockerfile.source
        used = [path for path in (*store.passing, *store.lasting) if official or path in source]
        state = [StatePath(path, "server", lasting=path in store.lasting, origin=base) for path in used]
        known = {path.path for path in situation.image.state} | {path.path for path in state}
        return Steps(
            state=tuple(state),
            # Packages make their folders for the account that they make: what runs as another one needs its own.
            owned=() if situation.who.own else tuple(sorted(known - {"/tmp"})),
            account=store.passwd and not situation.who.own,
        )

    return made


FAMILIES: Final = tuple(map(_family, _STORES))
