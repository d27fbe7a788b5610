"""PHP-FPM and PHP's own server: as ``www-data``, whose files web applications write to."""

from typing import Final

from undercurrent.hardening.fixing.families.recognising import Family
from undercurrent.hardening.fixing.nouns import Situation, Steps

__all__ = ["FAMILY"]


def _steps(_situation: Situation) -> Steps:
    # FPM says, and goes on, that `user` and `group` of a pool do not count where it does not begin as root.
    return Steps()


FAMILY: Final = Family("php", ("php-fpm*", "php", "artisan"), ("php",), _steps, account="www-data")
